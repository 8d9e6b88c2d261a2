// The AugRegExplorer: accuracy by model and augmentation, without and with regularisation, and what that changes.
import { CHANGE, makePainter, makeTable, MAPS } from "./augreg_table.js";
import { readTable } from "./colours.js";
import { choice, explorer, sentence } from "./controls.js";
import { changeAt, comparePair, countPairs, describeCell, describeChange, describeCounts, inOrder, writeChange, writeCode, writeMean } from "./grids.js";
import { make } from "./pictures.js";

const ALL = "all";
const ORDERS = [["table", "the table's order"], ["best", "best cell"], ["gain", "gain from regularisation"]];
const LETTERS = ["A", "B"];
const [NARROWEST, WIDENED] = [30, 34]; // a cell's pixels, and how many more it takes where there is room

const sumOf = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

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

  function write() {
    table.rows.forEach(({ cells }, row) => cells.forEach((levels, map) => levels.forEach((cell, level) => {
      cell.textContent = painter.write(map, row, level);
    })));
  }

  function tellMarks() {
    table.rows.forEach(({ cells }, row) => cells.forEach((levels, map) => levels.forEach((cell, level) => {
      const letters = marksOf(map, row, level);
      if (cell.ariaLabel && letters === (cell.dataset.picked ?? "")) return; // as it was
      if (letters) cell.dataset.picked = letters; // the style sheet writes it into the corner
      else delete cell.dataset.picked;
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
    const hadFocus = table.element.contains(document.activeElement); // moving rows takes it away
    const scores = scoresOf(grid, ticked());
    order = { models: inOrder(every.length, scores.rows[view.rows]), levels: inOrder(grid.levels.length, scores.columns[view.columns]) };
    table.arrange(order.models, order.levels, mapsShown());
    const free = needed ? (scroll.clientWidth - needed[mapsShown().length]) / (mapsShown().length * grid.levels.length) : 0;
    root.style.setProperty("--vt-cell", `${NARROWEST + Math.min(WIDENED, Math.max(0, Math.floor(free)))}px`);
    maps.set(view.maps === ALL && isNarrow ? CHANGE : view.maps);
    place();
    if (hadFocus) table.rows[focused[1]].cells[focused[0]][focused[2]].focus({ preventScroll: true });
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
  write();
  tellMarks();
  tellTicks();
  observer.observe(root);
  return () => observer.disconnect();
}

export default { render };
