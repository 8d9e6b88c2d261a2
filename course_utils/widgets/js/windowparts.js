// The parts of the WindowExplorer: its maps with their sentences, the kinds of masks, and the reach block by block.
import { choice } from "./controls.js";
import { make, makeCanvas } from "./pictures.js";
import { BLOCKS, KIND_NAMES, axesOf, isAllowed, placeIn, reachOf, rolledTo, tokensOfWindow, windowsAlong, windowsByKind } from "./windows.js";
import { drawMask, drawReach, windowAt } from "./windowviews.js";

export const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
export const named = ([row, column]) => `row ${row}, column ${column}`;

/** Make a map with the numbers of its rows and columns around it; `set` takes the numbers of both. */
export function makeMap(name) {
  const canvas = makeCanvas(64, [1, 1]);
  const [rows, columns] = [make("div", { class: "vt-window-rows", "aria-hidden": "true" }), make("div", { class: "vt-window-columns", "aria-hidden": "true" })];
  const frame = make("div", { class: "vt-window-frame" }, columns, rows, make("div", {}, canvas));
  const reading = make("p", { class: "vt-reading" });
  const title = make("p", { class: "vt-title" }, name);
  const element = make("section", { class: "vt-panel" }, title, frame, reading);
  const set = (numbers, chosen) => {
    [rows, columns].forEach((edge, which) => {
      const cells = numbers[which].map((number, at) => {
        const isRound = at > 0 && numbers[which].indexOf(0) > 0 && at >= numbers[which].indexOf(0);
        return make("span", { class: [isRound && "vt-window-round", number === chosen[which] && "vt-window-here"].filter(Boolean).join(" ") || null }, String(number));
      });
      edge.replaceChildren(...cells);
    });
    const share = Math.min(1, numbers[1].length / numbers[0].length);
    columns.style.width = `${100 * share}%`;
  };
  return { canvas, element, reading, set };
}

/** Say where the roll has taken the token. */
export function describeRoll(view) {
  const axes = axesOf(view, view.block);
  if (axes.every((axis) => !axis.shift)) return "This block doesn't roll: the windows are square as they are.";
  const now = axes.map((axis, which) => rolledTo(axis, view.place[which]));
  const ways = [["top", "bottom"], ["left", "right"]].filter((_, which) => view.place[which] < axes[which].shift);
  const round = ways.map(([out, back]) => `out at the ${out}, in at the ${back}`).join("; ");
  return `The token moves from ${named(view.place)} to ${named(now)}${round && ` (${round})`}.`;
}

/** Say how many windows there are before and after the roll. */
export function describeRagged(view) {
  const axes = axesOf(view, view.block);
  const [ragged, square] = [true, false].map((isRagged) => axes.reduce((product, axis) => product * windowsAlong(axis, isRagged), 1));
  const size = `${view.window} x ${view.window}`;
  return ragged === square ? `${count(square, "window")} of ${size}.` : `${ragged} windows, those at the edges smaller. After the roll: ${square}, all ${size}.`;
}

/** Say what the mask of the token's square does, or about one pair of its tokens whether it is let through. */
export function describePair(view, tokens, pair) {
  const kind = KIND_NAMES[windowAt(view).kind];
  if (pair === null) {
    const blocked = tokens.length ** 2 - tokens.reduce((sum, one) => sum + tokens.filter((other) => isAllowed(view, one, other)).length, 0);
    return `${kind[0].toUpperCase()}${kind.slice(1)}: ${blocked} of ${tokens.length ** 2} pairs ${view.isMasked ? "blocked" : "leak"}. A row asks, a column is heard.`;
  }
  const [one, other] = [Math.floor(pair / tokens.length), pair % tokens.length].map((i) => tokens[i]);
  const [asks, heard] = [one, other].map((token) => named(placeIn({ ...view, token })));
  if (isAllowed(view, one, other)) return `${asks} hears ${heard}: they share a window of the image.`;
  return `${asks} ${view.isMasked ? "must not hear" : "hears"} ${heard}: only the roll made them neighbours.`;
}

/** Make the buttons of the four kinds of mask; each leads to the first window of its kind. */
export function makeKinds(go) {
  const kinds = KIND_NAMES.map((name) => {
    const canvas = makeCanvas(64, [1, 1], { "aria-hidden": "true" });
    const text = make("span", {});
    return { name, canvas, text, content: make("span", { class: "vt-window-kind" }, canvas, text) };
  });
  const row = choice({ label: "windows by the kind of their mask", options: kinds.map(({ content }, i) => [i, content]), value: 0, change: go, className: "vt-thumbs vt-window-kinds" });
  const set = (view, chosen) => {
    windowsByKind(view).forEach((squares, i) => {
      const { name, canvas, text } = kinds[i];
      row.buttons.get(i).disabled = !squares.length;
      text.textContent = `${name.replace("split ", "")}: ${squares.length}`;
      if (squares.length) drawMask(canvas, view, tokensOfWindow(view, squares[0]), 128);
      canvas.hidden = !squares.length;
    });
    row.set(chosen);
  };
  return { element: row.element, set };
}

/** Make the maps of what has reached the token after each block, with shifting and without. */
export function makeReach(pick) {
  const rows = [true, false].map((isShifting) => {
    const cells = Array.from({ length: BLOCKS }, (_, i) => {
      const [canvas, text] = [makeCanvas(64, [1, 1], { "aria-hidden": "true" }), make("span", {})];
      return { canvas, text, content: make("span", { class: "vt-thumb" }, make("span", { class: "vt-most" }, `after ${i + 1}`), canvas, text) };
    });
    const name = isShifting ? "with shifting" : "without shifting";
    const line = choice({ label: `reached ${name}`, options: cells.map(({ content }, i) => [i + 1, content]), change: (block) => pick(block, isShifting), className: "vt-thumbs vt-window-reach" });
    return { isShifting, name, cells, line };
  });
  const set = (view) => rows.forEach(({ isShifting, name, cells, line }) => {
    cells.forEach(({ canvas, text }, i) => {
      const reach = reachOf({ ...view, isShifting }, [1, i + 1]);
      drawReach(canvas, view, reach);
      text.textContent = reach.own.length + (reach.leaked.length ? ` + ${reach.leaked.length}` : "");
      const leaks = reach.leaked.length ? `, and ${reach.leaked.length} leaked in` : "";
      line.buttons.get(i + 1).setAttribute("title", `after ${i + 1} ${name}: ${count(reach.own.length, "token")}${leaks}`);
    });
    line.set(isShifting === view.isShifting ? view.block : null);
  });
  const halves = rows.map(({ name, line }) => make("div", {}, make("p", { class: "vt-caption" }, name), line.element));
  const title = make("p", { class: "vt-title" }, "4 · what has reached it, block by block");
  return { element: make("section", { class: "vt-panel" }, title, make("div", { class: "vt-panels vt-panels-2" }, ...halves)), set };
}
