// What an AugRegExplorer's table is made of: its cells, and their colours and numbers.
import { paintAndInk } from "./colours.js";
import { legend } from "./controls.js";
import { changeAt, isWithin, writeChange, writeCode } from "./grids.js";
import { make } from "./pictures.js";

export const CHANGE = 2; // the third map, behind the accuracies without and with regularisation
export const MAPS = [0, 1, CHANGE];

const inTwoLines = (name) => name.replace(/^(\D{3,})(\d+)$/, "$1\n$2"); // heavy2 takes less room so

/** Return how a map's numbers are painted and written. */
export function makePainter(grid, colours, changes) {
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
export function makeTable(grid, { pick, tick }) {
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
