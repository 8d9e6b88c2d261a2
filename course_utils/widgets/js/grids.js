// What a map of accuracies says: differences, counts, orders, sentences. `widgets/grids.py` counts and says the same.
// A grid has models, levels, regularisation, decimals, codes and perhaps spreads; a cell is [on, model, level].

const NONE = "none";
const named = (names) => [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");
const codeAt = (grid, [on, model, level]) => grid.codes[on][model][level];
const spreadAt = (grid, [on, model, level]) => grid.spreads[on][model][level];
const twinOf = ([on, model, level]) => [1 - on, model, level];
const isSame = (a, b) => a.every((place, i) => place === b[i]);

/** Return what regularisation adds. */
export function changeAt(grid, model, level) {
  return grid.codes[1][model][level] - grid.codes[0][model][level];
}

/** Write a code as a number: 805 with one decimal is 80.5. */
export function writeCode(code, decimals) {
  return (code / 10 ** decimals).toFixed(decimals);
}

/** Write a difference of codes with its sign; 0 has none. */
export function writeChange(change, decimals) {
  const sign = change > 0 ? "+" : change < 0 ? "−" : "";
  return sign + writeCode(Math.abs(change), decimals);
}

/** Write the mean of codes or changes with one decimal, halves away from zero; "–" if there are none. */
export function writeMean(codes, decimals, write) {
  if (!codes.length) return "–";
  const [sum, parts] = [codes.reduce((total, code) => total + code, 0), codes.length * 10 ** decimals];
  return write(Math.sign(sum) * Math.floor((20 * Math.abs(sum) + parts) / (2 * parts)), 1);
}

/** Whether a difference is no larger than the seeds of either of two cells are apart. */
export function isWithin(grid, a, b) {
  if (!grid.spreads) return false;
  return Math.abs(codeAt(grid, b) - codeAt(grid, a)) <= Math.max(spreadAt(grid, a), spreadAt(grid, b));
}

/** Count in which pairs of the given models' rows regularisation helps, ties and hurts. */
export function countPairs(grid, models) {
  const pairs = models.flatMap((model) => grid.levels.map((_, level) => [model, level]));
  const changes = pairs.map(([model, level]) => changeAt(grid, model, level));
  const count = (is) => changes.filter(is).length;
  return {
    helps: count((change) => change > 0),
    ties: count((change) => change === 0),
    hurts: count((change) => change < 0),
    within: pairs.filter(([model, level]) => isWithin(grid, [0, model, level], [1, model, level])).length,
  };
}

/** Say how often regularisation helps in the given models' rows. */
export function describeCounts(grid, models) {
  if (!models.length) return "No model is ticked: tick one or more.";
  const { helps, ties, hurts, within } = countPairs(grid, models);
  const all = models.length === grid.models.length;
  const names = all ? `all ${models.length} models` : named(models.map((model) => grid.models[model]));
  const seeds = grid.spreads ? ` In ${within} of these pairs the difference is no larger than the seeds are apart.` : "";
  return `Regularisation helps in ${helps}, ties in ${ties}, hurts in ${hurts} of ${helps + ties + hurts} pairs (${names}).${seeds}`;
}

/** Return places in descending order of their scores, equals as they were; null keeps all as they were. */
export function inOrder(count, score) {
  const places = Array.from({ length: count }, (_, i) => i);
  if (!score) return places;
  const scores = places.map(score);
  return places.sort((a, b) => scores[b] - scores[a] || a - b);
}

function how(grid, [on]) {
  return on ? `regularisation ${grid.regularisation}` : "no regularisation";
}

function nameLevel(grid, [, model, level]) {
  const name = grid.levels[level];
  return `${grid.models[model]} with ${name === NONE ? "no augmentation" : `augmentation ${name}`}`;
}

const nameCell = (grid, cell) => `${nameLevel(grid, cell)} and ${how(grid, cell)}`;

function tellCode(grid, cell) {
  const said = `${writeCode(codeAt(grid, cell), grid.decimals)} %`;
  return grid.spreads ? `${said} (seeds ${writeCode(spreadAt(grid, cell), grid.decimals)} apart)` : said;
}

function tellDifference(grid, a, b) {
  const change = codeAt(grid, b) - codeAt(grid, a);
  const one = Math.abs(change) === 1 && grid.decimals === 0;
  const said = `${writeChange(change, grid.decimals)} point${one ? "" : "s"}`;
  return isWithin(grid, a, b) ? `${said} (no more than the seeds are apart)` : said;
}

/** Say what a cell has. */
export const describeCell = (grid, cell) => `${nameCell(grid, cell)}: ${tellCode(grid, cell)}`;

/** Say what regularisation changes. */
export function describeChange(grid, model, level) {
  const [before, after] = [0, 1].map((on) => [on, model, level]);
  return `${nameLevel(grid, after)}: ${how(grid, after)} changes ${tellDifference(grid, before, after)}`;
}

function tellStep(grid, a, b) {
  if (isSame(a, b)) return "A and B are one cell.";
  const changed = [["the model", 1], ["the regularisation", 0], ["the augmentation", 2]].filter(([, axis]) => a[axis] !== b[axis]).map(([name]) => name);
  const verb = changed.length === 1 ? `only ${changed[0]} changes` : `${named(changed)} change`;
  return `From A to B ${verb}: ${tellDifference(grid, a, b)}.`;
}

/** Say what two cells have, A and B, and by how much and in what they differ. */
export function comparePair(grid, a, b) {
  const said = `A, ${nameCell(grid, a)}, has ${tellCode(grid, a)}`;
  if (isSame(b, twinOf(a))) return `${said}. B, the same with ${how(grid, b)}, has ${tellCode(grid, b)}. ${tellStep(grid, a, b)}`;
  const other = (cell) => `; with ${how(grid, twinOf(cell))} it has ${tellCode(grid, twinOf(cell))}, ${tellDifference(grid, cell, twinOf(cell))}`;
  return `${said}${other(a)}. B, ${nameCell(grid, b)}, has ${tellCode(grid, b)}${other(b)}. ${tellStep(grid, a, b)}`;
}
