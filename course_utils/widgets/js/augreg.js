// The AugRegExplorer: accuracy by model and augmentation, without and with regularisation, and what that changes.
import { paintAndInk, readTable } from "./colours.js";
import { choice, explorer, legend, sentence } from "./controls.js";
import { changeAt, comparePair, countPairs, describeCell, describeChange, describeCounts, inOrder, isWithin, writeChange, writeCode, writeMean } from "./grids.js";
import { make } from "./pictures.js";

const CHANGE = 2; // the third map, behind the accuracies without and with regularisation
const MAPS = [0, 1, CHANGE];
const ALL = "all";
const ORDERS = [["table", "the table's order"], ["best", "best cell"], ["gain", "gain from regularisation"]];
const LETTERS = ["A", "B"];
const [NARROWEST, WIDENED] = [30, 34]; // a cell's pixels, and how many more it takes where there is room

const sumOf = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
const inTwoLines = (name) => name.replace(/^(\D{3,})(\d+)$/, "$1\n$2"); // heavy2 takes less room so

/** Make a select with a label. */
function chooser(label, options, change) {
  const select = make("select", { "aria-label": label, onchange: () => change(select.value) }, ...options.map(([value, text]) => make("option", { value }, text)));
  select.addEventListener("keydown", (event) => event.stopPropagation());
  return make("label", { class: "vt-augreg-field" }, make("span", {}, label), select);
}

/** Return the scores by which rows or columns can be sorted; the table's own order has none. */
function scoresOf(grid, models) {
  const both = (model, level) => [0, 1].map((on) => grid.codes[on][model][level]);
  const levels = grid.levels.map((_, level) => level);
  return {
    rows: {
      best: (model) => Math.max(...levels.flatMap((level) => both(model, level))),
      gain: (model) => sumOf(levels.map((level) => changeAt(grid, model, level))),
    },
    columns: {
      best: (level) => Math.max(...models.flatMap((model) => both(model, level))),
      gain: (level) => sumOf(models.map((model) => changeAt(grid, model, level))),
    },
  };
}

/** Return how a map's numbers are painted and written. */
function makePainter(grid, colours, changes) {
  const codes = grid.codes.flat(2);
  const [least, most] = [Math.min(...codes), Math.max(...codes)];
  const largest = Math.max(1, ...grid.models.flatMap((_, model) => grid.levels.map((_, level) => Math.abs(changeAt(grid, model, level)))));
  const scales = [
    legend(colours, "accuracy in %", (share) => writeCode(Math.round(least + share * (most - least)), grid.decimals)),
    legend(changes, "what regularisation changes, in points: + a gain, − a loss", (share) => writeChange(Math.round(largest * (2 * share - 1)), grid.decimals)),
  ];
  scales.forEach((scale) => scale.set(1));
  return {
    scales: scales.map((scale) => scale.element),
    paint: (map, model, level) =>
      map === CHANGE
        ? paintAndInk(changes, 0.5 + changeAt(grid, model, level) / largest / 2)
        : paintAndInk(colours, (grid.codes[map][model][level] - least) / (most - least || 1)),
    write(map, model, level) {
      if (map !== CHANGE) return writeCode(grid.codes[map][model][level], grid.decimals);
      const text = writeChange(changeAt(grid, model, level), grid.decimals);
      return isWithin(grid, [0, model, level], [1, model, level]) ? `(${text})` : text;
    },
  };
}

/** Make the table's cells, once for all; `arrange` puts them in order, and shows the maps that are asked for. */
function makeTable(grid, { pick, tick }) {
  const titles = ["no regularisation", `regularisation ${grid.regularisation}`, "what it changes (points)"];
  const of = (each) => MAPS.map((map) => each(map));
  const boxes = grid.models.map((_, model) => make("input", { type: "checkbox", checked: "", onchange: () => tick(model) }));
  boxes.forEach((box) => box.addEventListener("keydown", (event) => event.stopPropagation()));
  const rows = grid.models.map((name, model) => ({
    element: make("tr"),
    head: make("th", { scope: "row" }, make("label", {}, boxes[model], make("span", {}, name))),
    cells: of((map) => grid.levels.map((_, level) => make("td", { role: "gridcell", tabindex: -1, onclick: () => pick(map, model, level) }))),
    mean: make("td", { role: "gridcell", class: "vt-augreg-mean" }),
  }));
  const heads = of(() => grid.levels.map((name) => make("th", { scope: "col" }, inTwoLines(name))));
  const means = of(() => grid.levels.map(() => make("td", { role: "gridcell", class: "vt-augreg-mean" })));
  const spans = titles.map((title, map) => make("th", { scope: "colgroup", class: "vt-augreg-first", colspan: grid.levels.length + (map === CHANGE) }, title));
  const lines = [
    { element: make("tr"), head: make("th", { scope: "col" }, "model"), cells: heads, mean: make("th", { scope: "col" }, "mean") },
    ...rows,
    { element: make("tr"), head: make("th", { scope: "row" }, "mean"), cells: means, mean: make("td", { role: "gridcell", class: "vt-augreg-mean" }) },
  ];
  const body = make("tbody");
  const head = make("thead", {}, make("tr", {}, make("td", { role: "gridcell" }), ...spans), lines[0].element);
  const element = make("table", { role: "grid", class: "vt-augreg-map" }, head, body, make("tfoot", {}, lines.at(-1).element));

  function arrange(models, levels, maps) {
    body.replaceChildren(...models.map((model) => rows[model].element));
    spans.forEach((span, map) => (span.hidden = !maps.includes(map)));
    for (const line of lines) {
      const shown = maps.flatMap((map) => levels.map((level, i) => {
        line.cells[map][level].classList.toggle("vt-augreg-first", i === 0);
        return line.cells[map][level];
      }));
      line.element.replaceChildren(line.head, ...shown, ...(maps.includes(CHANGE) ? [line.mean] : []));
    }
  }
  return { element, rows, means, corner: lines.at(-1).mean, boxes, arrange };
}

function render({ model, el }) {
  const { grid, what, groups, start, colours, changes } = model.get("facts");
  const { decimals } = grid;
  const every = grid.models.map((_, place) => place);
  const view = { marks: [...start], next: 0, ticked: new Set(every), rows: "table", columns: "table", maps: ALL };
  const painter = makePainter(grid, readTable(colours.values), readTable(changes));
  const table = makeTable(grid, { pick, tick });
  const live = sentence();
  const [compared, counted] = [make("span"), make("strong")];
  live.append(compared, " ", counted);
  live.setAttribute("aria-atomic", "false"); // only what changes is read out
  const parts = ["+", "=", "−"].map((sign) => make("span", {}, sign));
  const bar = make("div", { class: "vt-augreg-bar", "aria-hidden": "true" }, ...parts);
  let [order, focused, isNarrow, needed] = [null, [0, 0, 0], false, null];

  const ticked = () => every.filter((place) => view.ticked.has(place));
  const mapsShown = () => (view.maps !== ALL ? [view.maps] : isNarrow ? [CHANGE] : MAPS);
  const marksOf = (map, row, level) => LETTERS.filter((_, i) => view.marks[i][1] === row && view.marks[i][2] === level && (map === CHANGE || view.marks[i][0] === map)).join("");

  function pick(map, row, level) {
    if (map === CHANGE) [view.marks, view.next] = [[[0, row, level], [1, row, level]], 0];
    else [view.marks[view.next], view.next] = [[map, row, level], 1 - view.next];
    focused = [map, row, level];
    tellMarks();
  }

  function tick(row) {
    if (!view.ticked.delete(row)) view.ticked.add(row);
    tellTicks();
  }

  /** Give the one cell that Tab reaches: the focused one, or the first if that is hidden. */
  function place() {
    if (!mapsShown().includes(focused[0])) focused = [mapsShown()[0], ...focused.slice(1)];
    table.rows.forEach(({ cells }, row) => cells.forEach((levels, map) => levels.forEach((cell, level) => {
      cell.tabIndex = focused[0] === map && focused[1] === row && focused[2] === level ? 0 : -1;
    })));
  }

  function tellMarks() {
    table.rows.forEach(({ cells }, row) => cells.forEach((levels, map) => levels.forEach((cell, level) => {
      const letters = marksOf(map, row, level);
      const text = painter.write(map, row, level);
      cell.replaceChildren(text, ...(letters ? [make("b", { "aria-hidden": "true" }, letters)] : []));
      cell.classList.toggle("vt-augreg-marked", letters !== "");
      cell.setAttribute("aria-selected", String(letters !== ""));
      const said = map === CHANGE ? describeChange(grid, row, level) : describeCell(grid, [map, row, level]);
      cell.setAttribute("aria-label", letters ? `${said}, ${letters}` : said);
    })));
    next.set(view.next);
    compared.textContent = comparePair(grid, ...view.marks);
    place();
  }

  /** Paint the rows that are ticked; count and average over them. */
  function tellTicks() {
    const models = ticked();
    table.rows.forEach(({ element, cells, mean }, row) => {
      const isIn = view.ticked.has(row);
      table.boxes[row].checked = isIn;
      element.classList.toggle("vt-augreg-out", !isIn);
      cells.forEach((levels, map) => levels.forEach((cell, level) => {
        const { paint, ink } = painter.paint(map, row, level);
        [cell.style.backgroundColor, cell.style.color] = isIn ? [paint, ink] : ["", ""];
      }));
      mean.textContent = writeMean(grid.levels.map((_, level) => changeAt(grid, row, level)), decimals, writeChange);
    });
    table.means.forEach((levels, map) => levels.forEach((cell, level) => {
      const codes = models.map((row) => (map === CHANGE ? changeAt(grid, row, level) : grid.codes[map][row][level]));
      cell.textContent = writeMean(codes, decimals, map === CHANGE ? writeChange : writeCode);
    }));
    table.corner.textContent = writeMean(models.flatMap((row) => grid.levels.map((_, level) => changeAt(grid, row, level))), decimals, writeChange);
    const { helps, ties, hurts } = countPairs(grid, models);
    [helps, ties, hurts].forEach((count, i) => ((parts[i].style.flexGrow = count), (parts[i].hidden = !count)));
    counted.textContent = describeCounts(grid, models);
    subset.set(shortcuts.find(([places]) => places.join() === models.join())?.[0]);
    arrange();
  }

  function arrange() {
    const scores = scoresOf(grid, ticked());
    order = { models: inOrder(every.length, scores.rows[view.rows]), levels: inOrder(grid.levels.length, scores.columns[view.columns]) };
    table.arrange(order.models, order.levels, mapsShown());
    const free = needed ? (scroll.clientWidth - needed[mapsShown().length]) / (mapsShown().length * grid.levels.length) : 0;
    root.style.setProperty("--vt-cell", `${NARROWEST + Math.min(WIDENED, Math.max(0, Math.floor(free)))}px`);
    maps.set(view.maps === ALL && isNarrow ? CHANGE : view.maps);
    place();
  }

  function move(event) {
    if (event.target.tagName !== "TD") return;
    const columns = mapsShown().flatMap((map) => order.levels.map((level) => [map, level]));
    const [row, column] = [order.models.indexOf(focused[1]), columns.findIndex(([map, level]) => map === focused[0] && level === focused[2])];
    const moves = { ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], Home: [row, 0], End: [row, columns.length - 1] };
    const isPick = event.key === "Enter" || event.key === " ";
    if (!isPick && !(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has uses of its own for these keys
    if (isPick) return pick(...focused);
    const [down, across] = moves[event.key].map((at, axis) => Math.min((axis ? columns : order.models).length - 1, Math.max(0, at)));
    focused = [columns[across][0], order.models[down], columns[across][1]];
    place();
    table.rows[focused[1]].cells[focused[0]][focused[2]].focus();
  }

  const options = [[ALL, "side by side"], [0, "without"], [1, `with ${grid.regularisation}`], [CHANGE, "what it changes"]];
  const maps = choice({ label: "maps of regularisation", options, value: ALL, change: (shown) => ((view.maps = shown), arrange()) });
  const next = choice({ label: "the next cell picked is", options: LETTERS.map((letter, i) => [i, letter]), value: 0, change: (i) => (view.next = i) });
  const shortcuts = [[every, `all ${every.length}`], ...groups.map(([name, places]) => [places, `${name} (${places.length})`])];
  const subset = choice({ label: "models that count", options: shortcuts, value: every, change: (places) => ((view.ticked = new Set(places)), tellTicks()) });
  const titled = (title, { element }) => make("div", { class: "vt-augreg-field" }, make("span", { "aria-hidden": "true" }, title), element);
  const controls = make(
    "div", { class: "vt-controls" },
    titled("regularisation", maps), titled("next pick", next), ...(groups.length ? [titled("models", subset)] : []),
    chooser("sort models by", ORDERS, (by) => ((view.rows = by), arrange())),
    chooser("sort augmentations by", ORDERS, (by) => ((view.columns = by), arrange())),
  );
  table.element.setAttribute("aria-label", `${what}: arrow keys move, Enter picks`);
  table.element.addEventListener("keydown", move);
  table.element.addEventListener("focusin", ({ target }) => {
    table.rows.forEach(({ cells }, row) => cells.forEach((levels, map) => levels.includes(target) && (focused = [map, row, levels.indexOf(target)])));
  });
  const seeds = grid.spreads ? " In brackets: changes no larger than the seeds of either cell are apart." : "";
  const hint = `${what}. Pick cells by click, tap, or arrow keys and Enter; a cell of what regularisation changes picks both that it compares. Tick the models that count.${seeds}`;
  const scroll = make("div", { class: "vt-scroll" }, table.element);
  const root = explorer("vt-augreg", controls, live, bar, scroll, make("div", { class: "vt-augreg-scales" }, ...painter.scales), make("p", { class: "vt-caption" }, hint));

  /** Return the width of some maps with their cells as narrow as they may be. */
  function measure(shown) {
    root.style.setProperty("--vt-cell", `${NARROWEST}px`);
    table.arrange(every, grid.levels.map((_, level) => level), shown);
    return table.element.offsetWidth;
  }

  const observer = new ResizeObserver(() => {
    if (!scroll.clientWidth) return; // not on the screen
    needed ??= { [MAPS.length]: measure(MAPS), 1: measure([CHANGE]) };
    isNarrow = needed[MAPS.length] > scroll.clientWidth;
    maps.buttons.get(ALL).hidden = isNarrow;
    arrange();
  });
  el.replaceChildren(root);
  tellMarks();
  tellTicks();
  observer.observe(root);
  return () => observer.disconnect();
}

export default { render };
