// The SequenceExplorer: one lattice of tokens and layers for each way of processing a sequence.
import { percent, tenths, unpack, weight } from "./arrays.js";
import { levelOf, paintAndInk, readTable } from "./colours.js";
import { choice, explorer, legend, numberLine, sentence, slider } from "./controls.js";
import { make, makeCanvas, pickable, tellCell } from "./pictures.js";

const UNIT = 40; // canvas pixels of a cell
const plural = (count, word) => (count === 1 ? `1 ${word}` : `${count} ${word}s`);

/** Return what `token` has to do with every other after `depth` layers: weights, what is shown, and whether at all. */
function connections(way, arrays, { token, isBack }, depth, count) {
  const { codes } = arrays[`${way.name} shares`];
  const reached = arrays[`${way.name} reached`].codes;
  return Array.from({ length: count }, (_, other) => {
    if (depth === 0) return { weight: other === token ? 1 : 0, tenths: other === token ? 1000 : 0, is: other === token };
    const [output, input] = isBack ? [other, token] : [token, other];
    const place = ((depth - 1) * count + output) * count + input;
    return { weight: weight(codes[place], way.fine), tenths: tenths(codes[place], way.fine), is: reached[place] === 1 };
  });
}

/** Return the largest weight above the inputs, of which the colours are shares. */
function largestOf(rows) {
  return Math.max(...rows.slice(1).flatMap((row) => row.map((one) => one.weight)));
}

/** Draw one lattice: inputs below, one row for each layer above; what isn't connected stays empty. */
function drawLattice(canvas, rows, { token, depth, at, colours, table }) {
  const context = canvas.getContext("2d");
  const [width, height] = [UNIT * rows[0].length, UNIT * rows.length];
  context.clearRect(0, 0, width, height);
  const largest = largestOf(rows.slice(0, depth + 1));
  rows.forEach((row, layer) => row.forEach((one, column) => {
    const [x, y] = [column * UNIT + 3, height - (layer + 1) * UNIT + 3];
    const isOn = one.is && layer <= depth;
    context.fillStyle = paintAndInk(table, levelOf(one.weight, largest, 0.5)).paint;
    context.strokeStyle = colours.empty;
    context.lineWidth = 2;
    if (isOn) context.fillRect(x, y, UNIT - 6, UNIT - 6);
    else if (layer <= depth) context.strokeRect(x + 1, y + 1, UNIT - 8, UNIT - 8);
    else context.strokeRect(x + UNIT / 2 - 4, y + UNIT / 2 - 4, 2, 2); // a layer that isn't there yet
  }));
  const mark = (column, layer, colour, thick) => {
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.strokeRect(column * UNIT + 3, height - (layer + 1) * UNIT + 3, UNIT - 6, UNIT - 6);
  };
  mark(token, 0, colours.ink, 5);
  mark(token, depth, colours.ink, 5);
  if (at !== null) mark(at % rows[0].length, rows.length - 1 - Math.floor(at / rows[0].length), colours.strong, 4);
}

/** Make one way's panel; `show()` draws it and returns its part of the sentence. */
function makeWay({ way, facts, arrays, view, table, on }) {
  const count = facts.tokens.length;
  const grid = [facts.layers + 1, count];
  const canvas = makeCanvas(UNIT * count, grid);
  const scale = legend(table, "", (value) => percent(1000 * value));
  const title = make("p", { class: "vt-title" }, way.name);
  const told = make("p", { class: "vt-caption" });
  const reading = make("p", { class: "vt-reading" });
  const layers = Array.from({ length: facts.layers }, (_, i) => make("span", {}, `layer ${facts.layers - i}`));
  const names = make("div", { class: "vt-rows", "aria-hidden": "true" }, ...layers, make("span", {}, "inputs"));
  const line = numberLine();
  const lattice = make("div", { class: "vt-lattice" }, names, canvas, line.element);
  const element = make("section", { class: "vt-panel" }, title, lattice, told, scale.element, reading);
  let at = null;
  pickable(canvas, {
    grid: () => grid,
    at: () => (facts.layers - view.depth) * count + view.token,
    hover: (cell) => ((at = cell), show()),
    pick: (cell) => on.pick(cell % count, facts.layers - Math.floor(cell / count)),
  });

  function show() {
    const rows = Array.from({ length: facts.layers + 1 }, (_, depth) => connections(way, arrays, view, depth, count));
    const css = getComputedStyle(element);
    const colours = { ink: css.getPropertyValue("--vt-ink"), empty: css.getPropertyValue("--vt-line"), strong: css.getPropertyValue("--vt-strong") };
    drawLattice(canvas, rows, { token: view.token, depth: view.depth, at, colours, table });
    line.set([...new Set([0, view.token, count - 1])].map((token) => [(token + 0.5) / count, String(token)]));
    scale.set(largestOf(rows.slice(0, view.depth + 1)), 0.5);
    scale.caption("share of an output's influences");
    const heard = rows[view.depth].filter((one) => one.is).length;
    told.textContent = `${heard} of ${plural(count, view.isBack ? "output" : "input")} · ${plural(way.steps * view.depth, "step")}, layer after layer`;
    reading.textContent = at === null ? "Point at a cell to read its share." : readCell(rows, at);
    const text = `${view.isBack ? "input" : "output"} ${view.token}, ${plural(view.depth, "layer")}`;
    tellCell(canvas, { label: `${way.name}: arrow keys move token and layer`, grid, cell: (facts.layers - view.depth) * count + view.token, text });
    return heard;
  }

  function readCell(rows, cell) {
    const [other, depth] = [cell % count, facts.layers - Math.floor(cell / count)];
    if (depth === 0) return `input ${other}`;
    const [output, input] = view.isBack ? [other, view.token] : [view.token, other];
    const one = rows[depth][other];
    const share = one.is && one.tenths === 0 ? "less than 0.1%" : one.is ? percent(one.tenths) : "nothing";
    return `After ${plural(depth, "layer")}, output ${output} has ${share} from input ${input}.`;
  }

  return { element, show };
}

function render({ model, el }) {
  const facts = model.get("facts");
  return unpack(model.get("data"), facts.arrays).then((arrays) => build({ facts, arrays, el }));
}

function build({ facts, arrays, el }) {
  const count = facts.tokens.length;
  const view = { token: facts.start, depth: facts.layers, isBack: false };
  const table = readTable(facts.colours.values);
  const live = sentence();
  const name = (token) => (facts.named ? `${token} (${facts.tokens[token]})` : String(token));
  const on = { pick: (token, depth) => (Object.assign(view, { token, depth: Math.max(1, depth) }), changed()) };
  const ways = facts.ways.map((way) => makeWay({ way, facts, arrays, view, table, on }));
  const direction = choice({
    label: "direction",
    options: [[false, "what an output hears of"], [true, "whom an input reaches"]],
    value: false,
    change: (isBack) => ((view.isBack = isBack), changed()),
  });
  const token = slider({
    label: "token", min: 0, max: count - 1, value: view.token, format: name, change: (n) => ((view.token = n), changed()),
  });
  const depth = slider({
    label: "layers", min: 1, max: facts.layers, value: view.depth, change: (n) => ((view.depth = n), changed()),
  });

  function changed() {
    token.set(view.token);
    depth.set(view.depth);
    const heard = ways.map((way) => way.show());
    const parts = facts.ways.map((way, i) => {
      const steps = way.steps * view.depth;
      if (i > 0) return `${heard[i]} with ${way.name} (${steps})`;
      const what = `${heard[i]} of ${count} ${view.isBack ? "outputs" : "inputs"}`;
      return `${what} with ${way.name} (${plural(steps, "step")}, layer after layer)`;
    });
    const who = view.isBack ? `input ${name(view.token)} has reached` : `output ${name(view.token)} has heard of`;
    live.textContent = `After ${plural(view.depth, "layer")}, ${who} ${parts.join(", ")}.`;
  }

  const controls = make("div", { class: "vt-controls" }, direction.element, token.element, depth.element);
  const pictures = make("div", { class: `vt-panels vt-panels-${ways.length}` }, ...ways.map((way) => way.element));
  el.replaceChildren(explorer("", controls, live, pictures));
  changed();
  const theme = window.matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("change", changed); // the lattices are drawn in the theme's ink
  const switches = new MutationObserver(changed); // of the course's site, and of JupyterLab
  switches.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  switches.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  return () => {
    theme.removeEventListener("change", changed);
    switches.disconnect();
  };
}

export default { render };
