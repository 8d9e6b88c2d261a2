// The ReceptiveFieldExplorer: one field on an image, its pixels, fixed weights and changing weights.
import { percent, tenths, unpack, weight } from "./arrays.js";
import { levelOf, paintAndInk, readTable } from "./colours.js";
import { choice, explorer, legend, sentence } from "./controls.js";
import { make, makeCanvas, pickable, tellCell } from "./pictures.js";

const TILE = 280; // pixels of a tile's side
const WRITTEN = 5; // fields up to this side have their numbers written in

/** Return how a neighbour is called; `widgets/receptive.py` says the same. */
function whereIs(offset, side) {
  const reach = (side - 1) / 2;
  const [down, right] = [Math.floor(offset / side) - reach, (offset % side) - reach];
  const said = (n, what, ways) => (n ? [`${Math.abs(n)} ${what}${Math.abs(n) === 1 ? "" : "s"} ${ways[n > 0 ? 1 : 0]}`] : []);
  const parts = [...said(down, "row", ["up", "down"]), ...said(right, "column", ["to the left", "to the right"])];
  return parts.length ? `the neighbour ${parts.join(" and ")}` : "itself";
}

/** Return the numbers of a field's pixels in the image, row by row, null outside. */
function fieldAt(at, side, [rows, columns]) {
  const reach = (side - 1) / 2;
  return Array.from({ length: side * side }, (_, i) => {
    const row = Math.floor(at / columns) + Math.floor(i / side) - reach;
    const column = (at % columns) + (i % side) - reach;
    return row >= 0 && row < rows && column >= 0 && column < columns ? row * columns + column : null;
  });
}

/** Draw the field's cells: `cell(i)` gives paint, ink and text, or null for what lies outside the image. */
function drawTile(canvas, side, cell) {
  const context = canvas.getContext("2d");
  const unit = canvas.width / side;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.font = `600 ${Math.round(unit * 0.25)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i < side * side; i += 1) {
    const [left, top] = [(i % side) * unit, Math.floor(i / side) * unit];
    const found = cell(i);
    if (found) {
      context.fillStyle = found.paint;
      context.fillRect(left, top, Math.ceil(unit), Math.ceil(unit));
      context.fillStyle = found.ink;
      if (found.text && side <= WRITTEN) context.fillText(found.text, left + unit / 2, top + unit / 2);
    } else {
      context.strokeStyle = "#888";
      context.lineWidth = 1.5;
      context.strokeRect(left + 3, top + 3, unit - 6, unit - 6);
      context.beginPath();
      context.moveTo(left + 3, top + unit - 3);
      context.lineTo(left + unit - 3, top + 3);
      context.stroke();
    }
  }
}

/** Draw the whole image, pixel by pixel, and the field's outline over it. */
function drawPicture(canvas, paints, [rows, columns], at, side) {
  const context = canvas.getContext("2d");
  const unit = canvas.width / columns;
  paints.forEach((paint, i) => {
    context.fillStyle = paint;
    context.fillRect(Math.floor((i % columns) * unit), Math.floor(Math.floor(i / columns) * unit), Math.ceil(unit), Math.ceil(unit));
  });
  const box = (row, column, size) => [(column - (size - 1) / 2) * unit, (row - (size - 1) / 2) * unit, size * unit, size * unit];
  for (const size of [side, 1]) {
    for (const [colour, thick] of [["#000", 8], ["#fff", 4]]) {
      context.strokeStyle = colour;
      context.lineWidth = size === 1 ? thick / 2 : thick;
      context.strokeRect(...box(Math.floor(at / columns), at % columns, size));
    }
  }
}

async function render({ model, el }) {
  const facts = model.get("facts");
  const { size, side, kernel, pictures, fine, largest, start } = facts;
  const { pixels, attention } = await unpack(model.get("data"), facts.arrays);
  const tables = { attention: readTable(facts.colours.attention), values: readTable(facts.colours.values) };
  const [count, cells] = [size[0] * size[1], side * side];
  const channel = (i, c) => pixels.codes[c * count + i];
  const paints = Array.from({ length: count }, (_, i) => `rgb(${channel(i, 0)}, ${channel(i, 1)}, ${channel(i, 2)})`);
  const grey = (i) => (i === null ? 0 : (channel(i, 0) + channel(i, 1) + channel(i, 2)) / 765);
  const most = Math.max(...kernel.map(Math.abs)) || 1;
  const view = { at: start, picture: 0 };
  let pinned = start;

  const live = sentence();
  const image = makeCanvas(900, size);
  const tile = (name) => {
    const canvas = makeCanvas(TILE, [1, 1], { role: "img", "aria-label": name });
    const result = make("p", { class: "vt-receptive-result" });
    return { canvas, result, element: make("div", {}, make("p", { class: "vt-title" }, name), canvas, result) };
  };
  const tiles = [tile("pixels"), tile("convolution"), tile("attention")];
  const scales = [
    legend(tables.values, "weight of the convolution", (share) => (most * (2 * share - 1)).toFixed(2)),
    legend(tables.attention, "share of the attention", (share) => percent(Math.round(1000 * share))),
  ];
  scales[0].set(1);
  scales[1].set(largest, 0.5);

  function changed() {
    const field = fieldAt(view.at, side, size);
    const first = (view.picture * count + view.at) * cells;
    const codes = attention.codes.subarray(first, first + cells);
    const weights = Array.from(codes, (code) => weight(code, fine));
    const sum = (values) => values.reduce((total, value, i) => total + value * grey(field[i]), 0);
    const [convolved, mixed] = [sum(kernel), sum(weights)].map((value) => (value + 0).toFixed(2).replace(/^-(0\.00)$/, "$1"));
    drawPicture(image, paints, size, view.at, side);
    drawTile(tiles[0].canvas, side, (i) => (field[i] === null ? null : { paint: paints[field[i]], ink: "#000" }));
    drawTile(tiles[1].canvas, side, (i) => ({ ...paintAndInk(tables.values, 0.5 + kernel[i] / most / 2), text: kernel[i].toFixed(2) }));
    drawTile(tiles[2].canvas, side, (i) =>
      field[i] === null ? null : { ...paintAndInk(tables.attention, levelOf(weights[i], largest, 0.5)), text: percent(tenths(codes[i], fine)) },
    );
    const best = codes.indexOf(Math.max(...codes));
    const place = `row ${Math.floor(view.at / size[1])}, column ${view.at % size[1]}`;
    const name = pictures[view.picture];
    const total = kernel.reduce((a, b) => a + b, 0).toFixed(2).replace("-0.00", "0.00");
    const told = [["around", place], [`fixed, sum ${total}`, `gives ${convolved}`], ["changing, sum 100%", `gives ${mixed}`]];
    told.forEach(([first, second], i) => tiles[i].result.replaceChildren(first, make("br"), second));
    live.textContent =
      `At ${place} the convolution uses its ${cells} weights unchanged, and gives ${convolved}. ` +
      `Attention${name ? ` (${name})` : ""} gives the most, ${percent(tenths(codes[best], fine))}, to ${whereIs(best, side)}; ` +
      `its weighted mean is ${mixed}.`;
    tellCell(image, { label: "the image: arrow keys move the field", grid: size, cell: view.at, text: place });
  }

  pickable(image, {
    grid: () => size,
    at: () => pinned,
    hover: (cell) => ((view.at = cell ?? pinned), changed()),
    pick: (cell) => ((pinned = view.at = cell), changed()),
  });
  const options = pictures.map((name, i) => [i, name]);
  const heads = choice({ label: "head", options, value: 0, change: (i) => ((view.picture = i), changed()) });
  heads.element.hidden = pictures.length < 2;
  const controls = make("div", { class: "vt-controls" }, heads.element);
  controls.hidden = heads.element.hidden;
  const hint = make("p", { class: "vt-title" }, "the image · move over it, tap, or use the arrow keys");
  const left = make("section", { class: "vt-panel" }, hint, image);
  const legends = make("div", { class: "vt-receptive-legends" }, ...scales.map((scale) => scale.element));
  const row = make("div", { class: "vt-receptive-tiles" }, ...tiles.map((one) => one.element));
  const right = make("section", { class: "vt-panel" }, row, legends);
  el.replaceChildren(explorer("vt-receptive", controls, live, make("div", { class: "vt-panels vt-panels-2" }, left, right)));
  changed();
}

export default { render };
