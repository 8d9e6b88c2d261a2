// What the WindowExplorer draws: tokens in their windows, the mask of one window, and maps of what has reached a token.
import { make, outline } from "./pictures.js";
import { axesOf, cameFrom, isAllowed, kindOfWindow, raggedOf, regionOf, rolledTo, squareOf, windowsAlong } from "./windows.js";

const LONG = 640; // pixels of a map's longer side
const HUES = [205, 32, 130, 275, 52, 345, 175, 15, 240]; // of ragged windows: by rows (0, 1, last) and columns
const INKS = { heard: "#111111", leaked: "#d55e00", blocked: "#5c5c5c", own: "#0072b2", none: "#e4e4e0" };

/** Return a pattern of diagonal lines. */
function stripes(context, back, front) {
  const tile = make("canvas");
  tile.width = tile.height = 8;
  const ink = tile.getContext("2d");
  ink.fillStyle = back;
  ink.fillRect(0, 0, 8, 8);
  ink.strokeStyle = front;
  ink.lineWidth = 2.4;
  for (const offset of [-8, 0, 8]) {
    ink.beginPath();
    ink.moveTo(offset - 1, 9);
    ink.lineTo(offset + 9, -1);
    ink.stroke();
  }
  return context.createPattern(tile, "repeat");
}

/** Give a canvas the shape of the grid; return the pixels of a token's side. */
function fit(canvas, [rows, columns], long = LONG) {
  const unit = Math.floor(long / Math.max(rows, columns));
  [canvas.width, canvas.height] = [columns * unit, rows * unit];
  canvas.style.width = `${100 * Math.min(1, columns / rows)}%`;
  return unit;
}

/** Return the hue of a token's ragged window; windows that touch, or that the roll brings together, differ. */
function hueOf(axes, place) {
  const [down, across] = axes.map((axis, which) => {
    const number = raggedOf(axis, place[which]);
    return number && number === windowsAlong(axis, true) - 1 ? 2 : number % 2;
  });
  return HUES[3 * down + across];
}

/** Draw a token's piece of the photograph, cut in the middle to the shape of the grid. */
function drawPiece(context, photo, [rows, columns], [row, column], [left, top, unit]) {
  const side = Math.min(photo.width / columns, photo.height / rows);
  const [right, down] = [(photo.width - side * columns) / 2, (photo.height - side * rows) / 2];
  context.drawImage(photo, right + column * side, down + row * side, side, side, left, top, unit, unit);
}

/** Draw a mark: a disc for a token that is heard, a diamond for one that leaks in, a cross for one that is blocked. */
function drawMark(context, mark, x, y, unit) {
  const reach = unit * 0.2;
  context.beginPath();
  if (mark === "heard") context.arc(x, y, unit * 0.17, 0, 7);
  else if (mark === "leaked") [[0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]].forEach(([a, b]) => context.lineTo(x + a * reach, y + b * reach));
  else [[-1, -1, 1, 1], [-1, 1, 1, -1]].forEach(([a, b, c, d]) => (context.moveTo(x + a * reach, y + b * reach), context.lineTo(x + c * reach, y + d * reach)));
  context.closePath();
  context.strokeStyle = "#ffffff";
  context.lineWidth = unit * (mark === "blocked" ? 0.2 : 0.1);
  context.stroke();
  [context.fillStyle, context.strokeStyle, context.lineWidth] = [INKS[mark], INKS[mark], unit * 0.1];
  if (mark === "blocked") context.stroke();
  else context.fill();
}

/** Draw thin lines between the tokens. */
function drawCells(context, [rows, columns], unit) {
  context.fillStyle = "#ffffff66";
  for (let row = 1; row < rows; row += 1) context.fillRect(0, row * unit - 1, columns * unit, 2);
  for (let column = 1; column < columns; column += 1) context.fillRect(column * unit - 1, 0, 2, rows * unit);
}

/** Draw lines across the whole map, before the given rows and columns. */
function drawBorders(canvas, unit, [rows, columns], dashes = []) {
  const context = canvas.getContext("2d");
  const lines = [...rows.map((row) => [0, row * unit, canvas.width, row * unit]), ...columns.map((column) => [column * unit, 0, column * unit, canvas.height])];
  for (const [colour, thick] of [["#ffffff", 9], ["#111111", 5]]) {
    context.beginPath();
    context.setLineDash(colour === "#111111" ? dashes : []);
    lines.forEach(([a, b, c, d]) => (context.moveTo(a, b), context.lineTo(c, d)));
    [context.strokeStyle, context.lineWidth] = [colour, thick];
    context.stroke();
  }
  context.setLineDash([]);
}

const upto = (length) => Array.from({ length }, (_, i) => i);
const changes = (axis, labelOf) => upto(axis.length).slice(1).filter((place) => labelOf(axis, place) !== labelOf(axis, place - 1));

/** Draw the tokens of the grid, rolled or not, with `marks` by token. */
export function drawTokens(canvas, view, marks, { isRolled, photo }) {
  const [axes, unit, context] = [axesOf(view, view.block), fit(canvas, view.size), canvas.getContext("2d")];
  for (const row of upto(view.size[0])) {
    for (const column of upto(view.size[1])) {
      const place = isRolled ? [row, column].map((at, which) => cameFrom(axes[which], at)) : [row, column];
      const mark = marks.get(place[0] * view.size[1] + place[1]);
      const [left, top, isClear] = [column * unit, row * unit, mark === "heard" || mark === "leaked"];
      const hue = hueOf(axes, place);
      if (photo) drawPiece(context, photo, view.size, place, [left, top, unit]);
      context.fillStyle = photo ? `hsl(${hue} 40% 32% / ${isClear ? 0 : 0.6})` : `hsl(${hue} ${isClear ? "70% 72%" : "38% 84%"})`;
      context.fillRect(left, top, unit, unit);
      if (mark) drawMark(context, mark, left + unit / 2, top + unit / 2, unit);
    }
  }
  drawCells(context, view.size, unit);
  if (isRolled) drawBorders(canvas, unit, axes.map((axis) => (axis.shift ? [axis.length - axis.shift] : [])), [12, 10]);
  const edges = axes.map((axis) => (isRolled ? upto(axis.length / axis.window).slice(1).map((i) => i * axis.window) : changes(axis, raggedOf)));
  drawBorders(canvas, unit, edges);
  if (isRolled) writeRegions(context, axes, unit);
  const [row, column] = axes.map((axis, which) => (isRolled ? rolledTo(axis, view.place[which]) : view.place[which]));
  outline(canvas, row * view.size[1] + column, view.size, 1.6);
}

/** Write the number of its region into the corner of each part of each square window. */
function writeRegions(context, axes, unit) {
  if (axes.every((axis) => !axis.shift)) return;
  const starts = axes.map((axis) => upto(axis.length).filter((at) => at % axis.window === 0 || (axis.shift && at === axis.length - axis.shift)));
  context.font = `700 ${Math.round(Math.max(20, unit * 0.42))}px system-ui, sans-serif`;
  [context.textAlign, context.textBaseline, context.lineJoin] = ["left", "top", "round"];
  for (const row of starts[0]) {
    for (const column of starts[1]) {
      const text = String(3 * regionOf(axes[0], row) + regionOf(axes[1], column));
      const at = [column * unit + 4, row * unit + 4];
      [context.strokeStyle, context.lineWidth, context.fillStyle] = ["#ffffff", 5, "#111111"];
      context.strokeText(text, ...at);
      context.fillText(text, ...at);
    }
  }
}

/** Draw the mask of a window: a row for each token that asks, a column for each that may be heard. */
export function drawMask(canvas, view, tokens, long = 588) {
  const [side, context] = [tokens.length, canvas.getContext("2d")];
  const unit = Math.max(1, Math.floor(long / side));
  canvas.width = canvas.height = unit * side;
  context.fillStyle = view.isMasked ? stripes(context, "#f4f4f2", "#9a9a9a") : stripes(context, "#ffffff", INKS.leaked);
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = INKS.own;
  tokens.forEach((one, row) =>
    tokens.forEach((other, column) => isAllowed(view, one, other) && context.fillRect(column * unit, row * unit, unit, unit)),
  );
  context.beginPath();
  for (let i = view.window; i < side; i += view.window) {
    context.moveTo(0, i * unit);
    context.lineTo(canvas.width, i * unit);
    context.moveTo(i * unit, 0);
    context.lineTo(i * unit, canvas.height);
  }
  [context.strokeStyle, context.lineWidth] = ["#ffffff", long > 200 ? 1.5 : 0.75];
  context.stroke();
}

/** Outline the row of the touched token, and the pair that is read. */
export function outlineRow(canvas, row, column, side) {
  const [unit, context] = [canvas.width / side, canvas.getContext("2d")];
  for (const [colour, thick] of [["#000", 7], ["#fff", 3]]) {
    [context.strokeStyle, context.lineWidth] = [colour, thick];
    context.strokeRect(0, row[0] * unit, canvas.width, unit);
    context.strokeRect(column * unit, row[1] * unit, unit, unit);
  }
}

/** Draw which tokens' input has reached the touched one: its own in one colour, what leaked in striped. */
export function drawReach(canvas, view, { own, leaked }) {
  const [unit, context] = [fit(canvas, view.size, 240), canvas.getContext("2d")];
  const paints = [[upto(view.size[0] * view.size[1]), INKS.none], [own, INKS.own], [leaked, stripes(context, "#ffffff", INKS.leaked)]];
  for (const [tokens, paint] of paints) {
    context.fillStyle = paint;
    for (const token of tokens) context.fillRect((token % view.size[1]) * unit, Math.floor(token / view.size[1]) * unit, unit, unit);
  }
  drawCells(context, view.size, unit);
  const [row, column] = view.place;
  [context.fillStyle, context.strokeStyle, context.lineWidth] = ["#ffffff", "#000000", 7];
  context.fillRect(column * unit, row * unit, unit, unit);
  context.strokeRect(column * unit, row * unit, unit, unit);
}

/** Return the square window of the touched token, and the kind of its mask. */
export function windowAt(view) {
  const square = axesOf(view, view.block).map((axis, which) => squareOf(axis, view.place[which]));
  return { square, kind: kindOfWindow(view, square) };
}
