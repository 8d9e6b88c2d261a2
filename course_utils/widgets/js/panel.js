// One model's side of an AttentionExplorer: its large map, its legend, and the small maps of all heads.
import { line, percent, tenths, weight } from "./arrays.js";
import { levelOf, paintAndInk } from "./colours.js";
import { choice, legend } from "./controls.js";
import { drawHeat, drawImage, make, makeCanvas, outline, pickable, tellCell } from "./pictures.js";
import { describe, originOf, patchName, placeOf, tokenName } from "./words.js";

const FEW = 8; // so many extra tokens have their names written out

/** Read the row or column of one picture, and turn it into levels; those below the threshold become NaN. */
function readPicture({ model, maps, picture, place, view }) {
  const [, pictures, ...matrix] = maps.shape;
  const start = (view.layer * pictures + picture) * matrix[0] * matrix[1];
  const codes = line(maps.codes, start, matrix, place, view.isBack);
  const fine = model.fine[view.layer][picture];
  const shown = view.isBack ? model.queries : model.keys;
  const basis = shown.grid ? codes.subarray(shown.extra.length) : codes;
  const top = basis.reduce((most, code) => Math.max(most, code), 0);
  const least = Math.round(view.threshold * tenths(top, fine));
  const largest = weight(top, fine);
  const level = (code) =>
    tenths(code, fine) < least ? NaN : levelOf(weight(code, fine), largest, view.contrast);
  const levels = Float64Array.from(codes, level);
  return { codes, fine, levels, largest, least, count: basis.filter((code) => tenths(code, fine) >= least).length };
}

/** Draw the levels of the patches over the dark image, with the query's outline if it is one of them. */
function drawMap(canvas, parts, read, { shown, cell, probe, width }) {
  drawImage(canvas, parts.dim);
  drawHeat(canvas, read.levels.subarray(shown.extra.length), shown.grid, parts.table);
  if (probe !== null && probe !== undefined) outline(canvas, probe, shown.grid, width / 2);
  if (cell !== null) outline(canvas, cell, shown.grid, width);
}

/** Write the weights of the tokens that are no patches: with their names while they are few. */
function drawExtras(element, shown, read, table) {
  const few = shown.extra.length <= FEW;
  const chips = shown.extra.map((name, i) => {
    const level = Number.isNaN(read.levels[i]) ? 0 : read.levels[i];
    const { paint, ink } = paintAndInk(table, level);
    const text = `${name} ${percent(tenths(read.codes[i], read.fine))}`;
    return make("span", { style: `background: ${paint}; color: ${ink}`, title: text }, few ? text : "");
  });
  element.className = few ? "vt-chips" : "vt-chips vt-many";
  element.replaceChildren(...chips);
}

/** Make the small maps: one button for each picture; null where there is only one. */
function makeThumbs(model, size, change) {
  const canvases = model.pictures.map(() => makeCanvas(240, size, { "aria-hidden": "true" }));
  const options = model.pictures.map((name, i) => {
    const most = make("span", { class: "vt-most" });
    return [i, make("span", { class: "vt-thumb" }, canvases[i], make("span", {}, name), most)];
  });
  const buttons = choice({ label: "which map", options, value: 0, change, className: "vt-thumbs" });
  buttons.element.hidden = model.pictures.length < 2;
  return { canvases, ...buttons };
}

/** Make one model's panel; `show(view)` draws it and returns its sentence. */
export function makePanel({ model, maps, parts }) {
  const state = { picture: 0, probe: null, view: null };
  const title = make("p", { class: "vt-title" });
  const map = makeCanvas(900, parts.size);
  const chips = make("div");
  const reading = make("p", { class: "vt-reading" });
  const scale = legend(parts.table, "", (value) => percent(1000 * value));
  const thumbs = makeThumbs(model, parts.size, (picture) => ((state.picture = picture), parts.changed()));
  const axes = () => (state.view.isBack ? [model.keys, model.queries] : [model.queries, model.keys]);
  const probe = (cell) => ((state.probe = cell), show(state.view));
  pickable(map, { grid: () => axes()[1].grid, at: () => state.probe, hover: probe, pick: probe });
  const body = make("div", { class: "vt-body" }, map, scale.element, chips, reading, thumbs.element);
  const element = make("section", { class: "vt-panel" }, title, body);

  function show(view) {
    state.view = view;
    const [asked, shown] = axes();
    const place = placeOf(asked, view.token);
    const lacks = place < 0 ? `has no ${view.token}` : `has no layer ${view.layer + 1}`;
    const blank = place < 0 || view.layer >= model.fine.length;
    body.style.visibility = blank ? "hidden" : "visible";
    const origin = blank ? "" : originOf(model, state.picture, view.layer);
    const what = view.isBack ? "who looks at it" : "where it looks";
    title.textContent = [model.name, blank ? lacks : what, blank ? "" : model.pictures[state.picture]]
      .filter((part, i) => part && (i < 2 || model.pictures.length > 1)).join(" · ");
    if (blank) return `${model.name} ${lacks}.`;
    const read = model.pictures.map((_, picture) => readPicture({ model, maps, picture, place, view }));
    const cell = model.self && place >= asked.extra.length ? place - asked.extra.length : null;
    draw(read, { shown, cell });
    const chosen = read[state.picture];
    const told = describe(model, origin, { ...chosen, place, isBack: view.isBack });
    return view.threshold > 0 ? `${told} ${shownAre(chosen, shown)}` : told;
  }

  function draw(read, { shown, cell }) {
    const chosen = read[state.picture];
    map.hidden = !shown.grid;
    read.forEach((one, i) => {
      if (shown.grid) drawMap(thumbs.canvases[i], parts, one, { shown, cell, width: 3 });
      thumbs.canvases[i].hidden = !shown.grid;
      thumbs.buttons.get(i).querySelector(".vt-most").textContent = `up to ${percent(Math.round(1000 * one.largest))}`;
    });
    if (shown.grid) drawMap(map, parts, chosen, { shown, cell, probe: state.probe, width: 1 });
    scale.set(chosen.largest, state.view.contrast);
    scale.caption(state.view.isBack ? "of each token's attention goes to it" : "of its attention");
    drawExtras(chips, shown, chosen, parts.table);
    readProbe(chosen, shown);
  }

  function readProbe(chosen, shown) {
    const at = state.probe;
    const share = (cell) => percent(tenths(chosen.codes[shown.extra.length + cell], chosen.fine));
    const text = at === null ? "" : `${patchName(shown, at)}: ${share(at)}`;
    reading.textContent = shown.grid ? text || "Point at the map to read a weight." : "";
    tellCell(map, { label: "the map: arrow keys read weights", grid: shown.grid, cell: at, text: text || "no patch yet" });
  }

  return { element, thumbs: thumbs.element, show };
}

/** Say which tokens the threshold leaves. */
function shownAre({ count, least }, shown) {
  const [one, many] = shown.grid ? ["patch", "patches"] : ["token", "tokens"];
  return count === 1
    ? `Shown is the one ${one} with ${percent(least)} or more.`
    : `Shown are the ${count} ${many} with ${percent(least)} or more.`;
}
