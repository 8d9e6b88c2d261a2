// Colours: the tables come from Python, so that explorers and figures have the same.

/** Read a table of 256 colours, six hexadecimal digits each, into 768 bytes. */
export function readTable(text) {
  return Uint8Array.from({ length: 768 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Return red, green and blue for a level from 0 to 1. */
export function colourAt(table, level) {
  const place = 3 * Math.round(255 * Math.min(1, Math.max(0, level)));
  return [table[place], table[place + 1], table[place + 2]];
}

/** Return the CSS of a level's colour, and the ink, black or white, that reads better on it. */
export function paintAndInk(table, level) {
  const [red, green, blue] = colourAt(table, level);
  const light = 0.299 * red + 0.587 * green + 0.114 * blue > 128;
  return { paint: `rgb(${red}, ${green}, ${blue})`, ink: light ? "#000" : "#fff" };
}

/** Return the level of a weight: its share of the largest, bent by the contrast. */
export function levelOf(value, largest, contrast) {
  return largest > 0 ? Math.min(1, value / largest) ** contrast : 0;
}
