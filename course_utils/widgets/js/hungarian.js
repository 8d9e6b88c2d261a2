// Bipartite matching on whole numbers: the steps of `models/hungarian.py`, in the same words, and the lowest cost first.

const AXES = ["row", "column"];

/** Return the names that the steps use where nobody gave any. */
export function plainNames(cost) {
  return [cost, cost[0]].map((side, axis) => side.map((_, at) => `${AXES[axis]} ${at}`));
}

/** Return the steps of the Hungarian algorithm: sentence, potentials, pairs so far, and the path of the search. */
export function hungarianSteps(cost, names = plainNames(cost), write = String, axes = AXES) {
  if (cost.length > cost[0].length) {
    const turned = cost[0].map((_, column) => cost.map((row) => row[column]));
    return hungarianSteps(turned, [...names].reverse(), write, [...axes].reverse()).map(turnStep);
  }
  const state = { cost, names, write, u: cost.map((row) => Math.min(...row)), v: cost[0].map(() => 0), columnOf: new Map() };
  const first = copyStep(state, `Each ${axes[0]}'s potential is its lowest cost, each ${axes[1]}'s 0.`, []);
  const steps = [first, ...cost.flatMap((_, row) => [...placeRow(state, row)])];
  const all = write(sumOfAll([...state.u, ...state.v]));
  const paid = write(sumOfAll([...state.columnOf].map(([row, column]) => cost[row][column])));
  return [...steps, copyStep(state, `The potentials add up to ${all}: no assignment costs less, and this one costs ${paid}.`, [])];
}

/** Take the lowest cost, then the lowest of what is left, and so on; return pairs of a row and a column. */
export function lowestFirst(cost) {
  const cells = cost.flatMap((row, at) => row.map((one, column) => [one, at, column]));
  const pairs = [];
  for (const [, row, column] of cells.sort((a, b) => a[0] - b[0])) {
    if (!pairs.some((pair) => pair[0] === row || pair[1] === column)) pairs.push([row, column]);
  }
  return pairs.sort((a, b) => a[0] - b[0]);
}

/** Find a column for one more row, and yield the steps; rows placed before may have to move. */
function* placeRow(state, start) {
  const owner = new Map([...state.columnOf].map(([row, column]) => [column, row]));
  const reached = new Map(); // columns, each with the row that reached it
  const others = new Map(state.v.map((_, column) => [column, [Infinity, start]]));
  const looking = [];
  let [row, column] = [start, null];
  while (row !== undefined) {
    looking.push(row);
    for (const [to, least] of others) others.set(to, lower(least, [leftOver(state, row, to), row])); // what is left, and for which row
    column = [...others.keys()].reduce((best, to) => (lower(others.get(best), others.get(to)) === others.get(best) ? best : to));
    const [amount, by] = others.get(column);
    others.delete(column);
    if (amount > 0) {
      looking.forEach((one) => (state.u[one] += amount));
      reached.forEach((_, one) => (state.v[one] -= amount));
      others.forEach(([left, from], to) => others.set(to, [left - amount, from]));
      yield copyStep(state, raised(state, amount, looking, [...reached.keys()]), pathOf(reached));
    }
    reached.set(column, by);
    row = owner.get(column);
    yield copyStep(state, arrived(state, by, column, row), pathOf(reached));
  }
  const path = pathBack(column, reached, state.columnOf);
  path.forEach(([one, to]) => state.columnOf.set(one, to));
  yield copyStep(state, moved(state, path), path);
}

/** Follow a search back from a free column: to the row that reached it, to the column it has, and on. */
function pathBack(column, reached, columnOf) {
  const path = [];
  for (let at = column; at !== undefined; at = columnOf.get(reached.get(at))) path.push([reached.get(at), at]);
  return path;
}

/** Return what is left of a cost without its potentials. */
export const leftOver = ({ cost, u, v }, row, column) => cost[row][column] - u[row] - v[column];

const lower = (one, other) => (other[0] < one[0] || (other[0] === one[0] && other[1] < one[1]) ? other : one);
const pathOf = (reached) => [...reached].map(([column, row]) => [row, column]);
const sumOfAll = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
const allOf = (texts) => [texts.slice(0, -1).join(", "), ...texts.slice(-1)].filter(Boolean).join(" and ");
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const copyStep = ({ u, v, columnOf }, sentence, path) => ({ sentence, u: [...u], v: [...v], pairs: [...columnOf].sort((a, b) => a[0] - b[0]), path });

function turnStep({ sentence, u, v, pairs, path }) {
  const turn = (list) => list.map(([row, column]) => [column, row]);
  return { sentence, u: v, v: u, pairs: turn(pairs).sort((a, b) => a[0] - b[0]), path: turn(path) };
}

function raised({ names, write }, amount, rows, columns) {
  const [more, less] = [rows, columns].map((side, axis) => allOf(side.map((at) => names[axis][at])));
  return `Nothing else is left at 0: ${write(amount)} more for ${more}${less ? `, ${write(amount)} less for ${less}` : ""}.`;
}

function arrived({ names: [rows, columns] }, row, column, owner) {
  const then = owner === undefined ? "is free" : `${rows[owner]} has: ${rows[owner]} looks too`;
  return capital(`${rows[row]} reaches ${columns[column]}, which ${then}.`);
}

function moved({ names: [rows, columns] }, path) {
  return capital(`${path.map(([row, column]) => `${rows[row]} takes ${columns[column]}`).join(", ")}.`);
}
