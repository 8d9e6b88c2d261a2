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

/** Return the relative luminance of a colour, as WCAG defines it. */
function luminance(colour) {
  const linear = (part) => (part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const [red, green, blue] = colour.map(linear);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Return the CSS of a level's colour, and the ink, black or white, that contrasts more: 4.5 to 1 at the least. */
export function paintAndInk(table, level) {
  const colour = colourAt(table, level);
  const isLight = (luminance(colour) + 0.05) ** 2 > 1.05 * 0.05; // black's contrast is above white's
  return { paint: `rgb(${colour.join(", ")})`, ink: isLight ? "#000" : "#fff" };
}

/** Return the level of a weight: its share of the largest, bent by the contrast. */
export function levelOf(value, largest, contrast) {
  return largest > 0 ? Math.min(1, value / largest) ** contrast : 0;
}
