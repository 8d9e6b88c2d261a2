// The AttentionExplorer: an image to choose a token in, and a panel for each model.
import { unpack } from "./arrays.js";
import { readTable } from "./colours.js";
import { choice, explorer, sentence, slider } from "./controls.js";
import { decodeImage, dimmed, drawGrid, drawImage, make, makeCanvas, outline, pickable, tellCell } from "./pictures.js";
import { makePanel } from "./panel.js";
import { patchName } from "./words.js";

const BUTTONS = 8; // more extra tokens than these get a slider

/** Return the axis along which a token is chosen, joined over the models: their grid, and all extra tokens. */
function askedAxis(models, isBack) {
  const axes = models.map((model) => (isBack ? model.keys : model.queries));
  return { grid: axes[0].grid, extra: [...new Set(axes.flatMap((axis) => axis.extra))] };
}

/** Make what chooses an extra token: buttons, or a slider where they are many. */
function extraChooser(extra, pick) {
  if (extra.length <= BUTTONS) {
    const options = extra.map((name) => [name, name]);
    return choice({ label: "tokens that are no patches", options, value: null, change: pick });
  }
  const format = (place) => extra[place];
  const made = slider({ label: "token", min: 0, max: extra.length - 1, value: 0, format, change: (i) => pick(extra[i]) });
  return { element: made.element, set: (name) => extra.includes(name) && made.set(extra.indexOf(name)) };
}

/** Make the controls above the pictures; each writes into `view` and calls `changed`. */
function makeControls(models, view, { changed, turned }) {
  const change = (name) => (value) => ((view[name] = value), changed());
  const direction = choice({
    label: "direction",
    options: [[false, "where it looks"], [true, "who looks at it"]],
    value: false,
    change: turned,
  });
  const layers = Math.max(...models.map((model) => model.fine.length));
  const layer = slider({
    label: "layer", min: 1, max: layers, value: 1, format: (n) => `${n} of ${layers}`, change: (n) => change("layer")(n - 1),
  });
  layer.element.hidden = layers < 2;
  const threshold = slider({
    label: "threshold", min: 0, max: 95, step: 5, value: 0, format: (n) => (n ? `${n}%` : "off"),
    change: (n) => change("threshold")(n / 100),
  });
  const contrast = slider({
    label: "contrast", min: 0.2, max: 2, step: 0.1, value: 1, format: (n) => n.toFixed(1), change: change("contrast"),
  });
  return make("div", { class: "vt-controls" }, direction.element, layer.element, threshold.element, contrast.element);
}

/** Make the image with its token grid; `show(token, axis)` outlines the token. */
function makeQuery({ bitmap, size, on }) {
  const image = makeCanvas(900, size);
  const extras = make("div", { class: "vt-extras" });
  const title = make("p", { class: "vt-title" });
  const element = make("section", { class: "vt-panel" }, title, image, extras);
  let chooser = null;
  pickable(image, on);
  const setAxis = ({ extra }) => {
    chooser = extra.length ? extraChooser(extra, on.pick) : null;
    extras.replaceChildren(...(chooser ? [chooser.element] : []));
  };
  const show = (token, axis) => {
    const isPatch = typeof token === "number";
    drawImage(image, bitmap);
    if (axis.grid) drawGrid(image, axis.grid);
    if (isPatch) outline(image, token, axis.grid);
    const text = isPatch ? patchName(axis, token) : token;
    title.textContent = `the token · ${text}`;
    tellCell(image, { label: "the image: arrow keys move the token", grid: axis.grid, cell: isPatch ? token : 0, text });
    chooser?.set(token);
  };
  return { element, setAxis, show };
}

async function render({ model, el }) {
  const facts = model.get("facts");
  const { models, size } = facts;
  const [arrays, bitmap] = await Promise.all([
    unpack(model.get("data"), facts.arrays), decodeImage(model.get("photograph")),
  ]);
  const table = readTable(facts.colours.attention);
  const view = { token: facts.start, isBack: false, layer: 0, threshold: 0, contrast: 1 };
  let pinned = facts.start;
  let axis = null;
  const live = sentence();
  const parts = { bitmap, dim: dimmed(bitmap), table, size, changed };
  const panels = models.map((one, i) => makePanel({ model: one, maps: arrays[`maps ${i}`], parts }));
  const query = makeQuery({
    bitmap,
    size,
    on: {
      grid: () => axis.grid,
      at: () => (typeof pinned === "number" ? pinned : null),
      hover: (cell) => ((view.token = cell ?? pinned), changed()),
      pick: (token) => ((pinned = view.token = token), changed()),
    },
  });

  function changed() {
    query.show(view.token, axis);
    live.textContent = panels.map((panel) => panel.show(view)).join(" ");
  }

  function turned(isBack) {
    view.isBack = isBack;
    axis = askedAxis(models, isBack);
    const fits = typeof pinned === "number" ? axis.grid : axis.extra.includes(pinned);
    if (!fits) pinned = axis.grid ? Math.floor(axis.grid[0] / 2) * axis.grid[1] + Math.floor(axis.grid[1] / 2) : axis.extra[0];
    view.token = pinned;
    query.setAxis(axis);
    changed();
  }

  const controls = makeControls(models, view, { changed, turned });
  const pictures = make("div", { class: `vt-panels vt-panels-${panels.length + 1}` }, query.element);
  pictures.append(...panels.map((panel) => panel.element));
  if (panels.length === 1) pictures.append(panels[0].thumbs); // below, as wide as both
  turned(false);
  const align = models.length > 1 && models.some((one) => one.queries.extra.length + one.keys.extra.length > 0);
  el.replaceChildren(explorer(align ? "vt-align-chips" : "", controls, live, pictures));
  return () => bitmap.close();
}

export default { render };
