// Images, grids and heat maps on a canvas, and how they are pointed at.
import { colourAt } from "./colours.js";

/** Make an element with attributes, properties that begin with "on" as listeners, and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Make a canvas of `width` pixels with the shape of `size` (height, width); it fills the width it is given. */
export function makeCanvas(width, [height, across], attributes = {}) {
  const canvas = make("canvas", { class: "vt-canvas", ...attributes });
  canvas.width = width;
  canvas.height = Math.round((width * height) / across);
  return canvas;
}

/** Decode an image file that came as bytes. */
export function decodeImage(view) {
  return createImageBitmap(new Blob([new Uint8Array(view.buffer, view.byteOffset, view.byteLength)]));
}

/** Return a dark, grey copy of an image, to find one's way by. */
export function dimmed(bitmap) {
  const canvas = makeCanvas(bitmap.width, [bitmap.height, bitmap.width]);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < image.data.length; i += 4) {
    const grey = (image.data[i] + image.data[i + 1] + image.data[i + 2]) / 9;
    image.data.fill(grey, i, i + 3);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Draw an image over the whole canvas. */
export function drawImage(canvas, image) {
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
}

/** Draw a grid of levels over the canvas, NaN for cells that show the ground; dark cells let it through. */
export function drawHeat(canvas, levels, [rows, columns], table) {
  const small = makeCanvas(columns, [rows, columns]);
  const pixels = new ImageData(columns, rows);
  levels.forEach((level, i) => {
    if (Number.isNaN(level)) return;
    pixels.data.set([...colourAt(table, level), 255 * (0.3 + 0.7 * level)], 4 * i);
  });
  small.getContext("2d").putImageData(pixels, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** Draw the lines between the patches. */
export function drawGrid(canvas, [rows, columns]) {
  const context = canvas.getContext("2d");
  context.beginPath();
  for (let row = 1; row < rows; row += 1) {
    const y = Math.round((row * canvas.height) / rows) + 0.5;
    context.moveTo(0, y);
    context.lineTo(canvas.width, y);
  }
  for (let column = 1; column < columns; column += 1) {
    const x = Math.round((column * canvas.width) / columns) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, canvas.height);
  }
  context.strokeStyle = "rgba(255, 255, 255, 0.3)";
  context.lineWidth = 1;
  context.stroke();
}

/** Outline one patch in white on black, which is seen on any ground. */
export function outline(canvas, patch, [rows, columns], width = 1) {
  const context = canvas.getContext("2d");
  const unit = (canvas.width / 450) * width;
  const [across, down] = [canvas.width / columns, canvas.height / rows];
  const out = 1.25 * unit; // around the patch, not over it
  const [left, top] = [(patch % columns) * across - out, Math.floor(patch / columns) * down - out];
  for (const [colour, thick] of [["#000", 5], ["#fff", 2.5]]) {
    context.strokeStyle = colour;
    context.lineWidth = thick * unit;
    context.strokeRect(left, top, across + 2 * out, down + 2 * out);
  }
}

/**
 * Let a cell of a grid be pointed at, chosen by click, tap or arrow key, and read by a screen reader.
 *
 * `on` has: grid(), rows and columns, or null where there is nothing to choose; at(), the present cell;
 * hover(cell or null); pick(cell).
 */
export function pickable(element, on) {
  const cell = (event) => {
    const [rows, columns] = on.grid();
    const box = element.getBoundingClientRect();
    const column = Math.floor((columns * (event.clientX - box.left)) / box.width);
    const row = Math.floor((rows * (event.clientY - box.top)) / box.height);
    return Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column));
  };
  const listen = (name, answer) => element.addEventListener(name, (event) => on.grid() && answer(event));
  listen("pointermove", (event) => event.pointerType !== "touch" && on.hover(cell(event)));
  listen("pointerleave", () => on.hover(null));
  listen("click", (event) => on.pick(cell(event)));
  listen("keydown", (event) => {
    const next = step(event.key, on.at() ?? 0, on.grid());
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has uses of its own for arrow keys
    on.pick(next);
  });
}

/** Return the cell to which a key leads, null for a key that leads nowhere. */
function step(key, at, [rows, columns]) {
  const [row, column] = [Math.floor(at / columns), at % columns];
  const moves = {
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    Home: [row, 0],
    End: [row, columns - 1],
  };
  if (!(key in moves)) return null;
  const [down, across] = moves[key];
  return Math.min(rows - 1, Math.max(0, down)) * columns + Math.min(columns - 1, Math.max(0, across));
}

/** Tell a screen reader what a pickable element is, and which cell it is on; without a grid it is a mere image. */
export function tellCell(element, { label, grid, cell, text }) {
  const values = grid ? { min: 0, max: grid[0] * grid[1] - 1, now: cell ?? 0, text } : {};
  for (const name of ["min", "max", "now", "text"]) element.removeAttribute(`aria-value${name}`);
  for (const [name, value] of Object.entries(values)) element.setAttribute(`aria-value${name}`, value);
  element.setAttribute("role", grid ? "slider" : "img");
  element.setAttribute("aria-label", label);
  element.tabIndex = grid ? 0 : -1;
}
