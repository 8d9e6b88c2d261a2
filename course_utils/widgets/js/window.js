// The WindowExplorer: Swin's shifted windows as they are meant, as they are computed, and what they reach.
import { choice, explorer, sentence, slider } from "./controls.js";
import { decodeImage, make, pickable, tellCell } from "./pictures.js";
import { BLOCKS, axesOf, cameFrom, describeWindow, placeIn, reachOf, rolledTo, tokensOfWindow, windowMisfit, windowsByKind } from "./windows.js";
import { describePair, describeRagged, describeRoll, makeKinds, makeMap, makeReach, named } from "./windowparts.js";
import { drawMask, drawTokens, outlineRow, windowAt } from "./windowviews.js";

const NAMES = { rows: "H rows", columns: "W columns", window: "M window side", shift: "shift", block: "block" };

/** Make the sliders and switches; `wanted` is what they say, whether it fits or not. */
function makeKnobs(wanted, [least, most], [smallest, largest], changed) {
  const rolls = (shift) => `${shift}${shift === Math.floor(wanted.window / 2) ? " = ⌊M/2⌋" : ""}`;
  const knob = (name, min, max, value, change, format) => slider({ label: NAMES[name], min, max, value, format, change: (next) => (change(next), changed()) });
  const shift = knob("shift", 0, wanted.window - 1, wanted.shift, (next) => (wanted.shift = next), rolls);
  const setWindow = (next) => {
    [wanted.window, wanted.shift] = [next, Math.floor(next / 2)]; // Swin's own shift
    shift.element.querySelector("input").max = next - 1;
    shift.set(wanted.shift);
  };
  const sizes = ["rows", "columns"].map((name, which) => knob(name, least, most, wanted.size[which], (next) => (wanted.size = wanted.size.map((side, i) => (i === which ? next : side)))));
  const block = knob("block", 1, BLOCKS, wanted.block, (next) => (wanted.block = next), (next) => `${next}: ${next % 2 || !wanted.isShifting ? "plain" : "shifted"}`);
  const sliders = [...sizes, knob("window", smallest, largest, wanted.window, setWindow), shift, block];
  const flag = (name, label, options) => choice({ label, options, value: wanted[name], change: (next) => ((wanted[name] = next), set(), changed()) });
  const shifting = flag("isShifting", "shifting", [[true, "every second block shifts"], [false, "no block shifts"]]);
  const mask = flag("isMasked", "mask", [[true, "with the mask"], [false, "mask left out"]]);
  const element = make("div", {}, make("div", { class: "vt-window-knobs" }, ...sliders.map((one) => one.element)), make("div", { class: "vt-controls" }, shifting.element, mask.element));
  function set() {
    sizes.forEach((one, which) => one.set(wanted.size[which]));
    block.set(wanted.block);
    shifting.set(wanted.isShifting);
  }
  return { element, set };
}

/** Return the multiples of M that are nearest to what is wanted. */
function nearestSize({ size, window }, [least, most]) {
  const [low, high] = [Math.ceil(least / window), Math.floor(most / window)];
  return size.map((side) => window * Math.max(low, Math.min(high, Math.round(side / window))));
}

/** Make the legend, and say how to touch. */
function makeKey() {
  const marks = { heard: "heard", blocked: "in the same square, but blocked", leaked: "leaks in, since the mask is left out", own: "let through, or reached", round: "its row or column came round in the roll" };
  const items = Object.entries(marks).map(([name, text]) => make("span", {}, make("i", { class: `vt-window-${name}`, "aria-hidden": "true" }), text));
  const regions = make("span", {}, make("b", {}, "0 … 8"), " the regions of Swin's mask; dashed: where the image's ends meet");
  const hint = make("span", { class: "vt-window-hint" }, "Touch a token in 1 or 2, or move it with the arrow keys; point at the mask to read a pair.");
  return make("p", { class: "vt-window-legend" }, hint, ...items, regions);
}

async function render({ model, el }) {
  const { start, sides, windows } = model.get("facts");
  const bytes = model.get("photograph");
  const photo = bytes && bytes.byteLength ? await decodeImage(bytes) : null;
  const wanted = { ...start }; // what the controls say, whether it fits or not
  let view = { ...start };
  let pinned = start.token;
  const live = sentence();
  const fault = make("p", { class: "vt-fault", role: "alert" });
  const mend = make("button", { type: "button", onclick: () => ((wanted.size = nearestSize(wanted, sides)), knobs.set(), changed()) });
  const maps = [makeMap("1 · the image in its windows"), makeMap("2 · rolled, cut into squares")];
  const mask = makeMap("3 · the mask of its square");
  const kinds = makeKinds((kind) => go(tokensOfWindow(view, windowsByKind(view)[kind][0])[0]));
  const reach = makeReach((block, isShifting) => (Object.assign(wanted, { block, isShifting }), knobs.set(), changed()));
  const knobs = makeKnobs(wanted, sides, windows, changed);

  function changed() {
    const told = windowMisfit(wanted, sides);
    fault.textContent = told && `${told}. Shown is still the grid of ${view.size.join(" x ")} in windows of ${view.window} x ${view.window}.`;
    mend.hidden = !told;
    mend.textContent = `make it ${nearestSize(wanted, sides).join(" x ")} tokens`;
    const [row, column] = placeIn({ ...view, token: pinned });
    const { block, isShifting, isMasked } = wanted;
    view = told ? { ...view, block, isShifting, isMasked } : { ...wanted };
    go(Math.min(row, view.size[0] - 1) * view.size[1] + Math.min(column, view.size[1] - 1));
  }

  function go(token) {
    pinned = token;
    show(token);
  }

  function show(token, pair = null) {
    view = { ...view, token, place: placeIn({ ...view, token }) };
    const tokens = tokensOfWindow(view, windowAt(view).square);
    const now = reachOf(view, [view.block, view.block]);
    const seen = new Map([...now.leaked.map((one) => [one, "leaked"]), ...now.own.map((one) => [one, "heard"])]);
    const marks = new Map([...tokens.map((one) => [one, "blocked"]), ...seen]);
    maps.forEach((map, i) => showTokens(map, i ? marks : seen, i > 0));
    maps[0].reading.textContent = describeRagged(view);
    maps[1].reading.textContent = describeRoll(view);
    showMask(tokens, pair);
    kinds.set(view, windowAt(view).kind);
    reach.set(view);
    live.textContent = describeWindow(view);
  }

  function showTokens({ canvas, set }, marks, isRolled) {
    drawTokens(canvas, view, marks, { isRolled, photo });
    set(axesOf(view, view.block).map((axis) => Array.from({ length: axis.length }, (_, at) => (isRolled ? cameFrom(axis, at) : at))), view.place);
    const [label, cell] = isRolled ? ["the rolled tokens", moved(view.token, rolledTo)] : ["the tokens", view.token];
    tellCell(canvas, { label: `${label}: arrow keys move the token`, grid: view.size, cell, text: named(view.place) });
  }

  function showMask(tokens, pair) {
    const side = tokens.length;
    const own = tokens.indexOf(view.token);
    const cell = pair ?? own * (side + 1);
    drawMask(mask.canvas, view, tokens);
    outlineRow(mask.canvas, [own, Math.floor(cell / side)], cell % side, side);
    const text = describePair(view, tokens, pair);
    mask.reading.textContent = text[0].toUpperCase() + text.slice(1);
    tellCell(mask.canvas, { label: "the mask: arrow keys read pairs", grid: [side, side], cell, text });
  }

  const moved = (token, way) => {
    const [row, column] = axesOf(view, view.block).map((axis, which) => way(axis, placeIn({ ...view, token })[which]));
    return row * view.size[1] + column;
  };
  const pointed = (cell, way) => show(cell === null ? pinned : way(cell));
  const unrolled = (cell) => moved(cell, cameFrom);
  pickable(maps[0].canvas, { grid: () => view.size, at: () => pinned, hover: (cell) => pointed(cell, (token) => token), pick: go });
  pickable(maps[1].canvas, { grid: () => view.size, at: () => moved(pinned, rolledTo), hover: (cell) => pointed(cell, unrolled), pick: (cell) => go(unrolled(cell)) });
  const side = () => view.window ** 2;
  const cell = () => Number(mask.canvas.getAttribute("aria-valuenow"));
  pickable(mask.canvas, { grid: () => [side(), side()], at: cell, hover: (pair) => show(pinned, pair), pick: (pair) => show(pinned, pair) });

  const held = make("div", { class: "vt-panel" }, make("p", { class: "vt-caption" }, "squares by how the mask splits them"), kinds.element);
  const panels = make("div", { class: "vt-panels vt-panels-3" }, ...maps.map((map) => map.element), mask.element, makeKey(), held);
  el.replaceChildren(explorer("vt-window", knobs.element, fault, mend, live, panels, reach.element));
  changed();
}

export default { render };
