// Swin's shifted windows, one axis at a time: a window is a box, so a token's row and its column never mix.
// A view has: size [rows, columns], window M, shift, block, isShifting, isMasked, token.

export const BLOCKS = 6;
export const KIND_NAMES = ["full", "split by rows", "split by columns", "split in four"];

const upTo = (size) => Array.from({ length: size }, (_, i) => i);
const plural = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
const orList = (names) => [names.slice(0, -1).join(", "), names.at(-1)].filter((text) => text !== "").join(" or ");

/** Return row and column of the view's token. */
export const placeIn = ({ size, token }) => [Math.floor(token / size[1]), token % size[1]];

/** Return rows and columns as `block` cuts them: every second block is shifted, where one window is not the whole axis. */
export function axesOf({ size, window, shift, isShifting }, block) {
  const isShifted = isShifting && block % 2 === 0;
  return size.map((length) => ({ length, window, shift: isShifted && length > window ? shift : 0 }));
}

/** Return where the roll takes a place, and what it brings to a place. */
export const rolledTo = ({ length, shift }, place) => (place - shift + length) % length;
export const cameFrom = ({ length, shift }, place) => (place + shift) % length;

/** Return the number of a place's ragged window: they begin at 0, shift, shift + M, ... */
export const raggedOf = ({ window, shift }, place) => Math.floor((place + window - shift) / window) - (shift ? 0 : 1);

/** Return the number of the square window that a place has after the roll. */
export const squareOf = (axis, place) => Math.floor(rolledTo(axis, place) / axis.window);

/** Return the number of windows along an axis, ragged or square. */
export const windowsAlong = ({ length, window, shift }, isRagged) => length / window + (isRagged && shift ? 1 : 0);

/** Return the region, 0 to 2, of a place after the roll: the last window has two, the part that came round is the last. */
export const regionOf = ({ length, window, shift }, rolled) => (rolled < length - window ? 0 : rolled < length - shift ? 1 : 2);

/** Return the places of an axis whose input reaches `place` through the blocks from `first` to `last`. */
function reachAlong(view, which, place, [first, last]) {
  let reached = [place];
  for (let block = last; block >= first; block -= 1) {
    const axis = axesOf(view, block)[which];
    const labelOf = (one) => (view.isMasked ? raggedOf(axis, one) : squareOf(axis, one));
    const labels = new Set(reached.map(labelOf));
    reached = upTo(axis.length).filter((one) => labels.has(labelOf(one)));
  }
  return reached;
}

function reachedTokens(view, blocks) {
  const [rows, columns] = placeIn(view).map((place, which) => reachAlong(view, which, place, blocks));
  return rows.flatMap((row) => columns.map((column) => row * view.size[1] + column));
}

/** Return the tokens whose input reaches the view's token through blocks [first, last], and those that only leak in. */
export function reachOf(view, blocks) {
  const own = reachedTokens({ ...view, isMasked: true }, blocks);
  const all = view.isMasked ? own : reachedTokens(view, blocks);
  const isOwn = new Set(own);
  return { own, leaked: all.filter((token) => !isOwn.has(token)) };
}

/** Return the kind, 0 to 3, of the square window [row, column]. */
export function kindOfWindow(view, square) {
  const [rows, columns] = axesOf(view, view.block).map((axis, which) => axis.shift > 0 && square[which] === axis.length / axis.window - 1);
  return (rows ? 1 : 0) + (columns ? 2 : 0);
}

/** Return the square windows [row, column] of the view's block, kind by kind. */
export function windowsByKind(view) {
  const [down, across] = view.size.map((length) => length / view.window);
  const squares = upTo(down * across).map((i) => [Math.floor(i / across), i % across]);
  return KIND_NAMES.map((_, kind) => squares.filter((square) => kindOfWindow(view, square) === kind));
}

/** Return the tokens of a square window in its order, row by row after the roll. */
export function tokensOfWindow(view, square) {
  const axes = axesOf(view, view.block);
  return upTo(view.window ** 2).map((i) => {
    const within = [Math.floor(i / view.window), i % view.window];
    const [row, column] = axes.map((axis, which) => cameFrom(axis, square[which] * view.window + within[which]));
    return row * view.size[1] + column;
  });
}

/** Return whether two tokens of one square window share a ragged one: whether the mask lets the pair through. */
export function isAllowed(view, one, other) {
  const [first, second] = [one, other].map((token) => placeIn({ ...view, token }));
  return axesOf(view, view.block).every((axis, which) => raggedOf(axis, first[which]) === raggedOf(axis, second[which]));
}

/** Return why the grid can't be cut into windows; "" where it can. `widgets/window_state.py` says the same. */
export function windowMisfit({ size, window }, [least, most]) {
  const which = size.findIndex((length) => length % window);
  if (which < 0) return "";
  const name = ["rows", "columns"][which];
  const multiples = upTo(most + 1).filter((length) => length >= least && length % window === 0);
  const divisors = [2, 3, 4, 5, 6, 7].filter((side) => size[which] % side === 0);
  const windows = divisors.length ? `, or M = ${orList(divisors)}` : "";
  return `${size[which]} ${name} are not a multiple of the window side ${window}: choose ${orList(multiples)} ${name}${windows}`;
}

function blockKind(view) {
  const [down, across] = axesOf(view, view.block).map((axis) => axis.shift);
  if (down && across) return `windows shifted by ${view.shift}`;
  if (down || across) return `windows shifted by ${view.shift}, but not along the ${down ? "columns" : "rows"}, which one window covers`;
  const isCovered = view.isShifting && view.shift > 0 && view.block % 2 === 0;
  return isCovered ? "not shifted, since one window is the whole grid" : "plain windows";
}

/** Say whom the view's token hears, as `widgets/window_state.py` says it. */
export function describeWindow(view) {
  const [row, column] = placeIn(view);
  const { block, window, isShifting, isMasked } = view;
  const now = reachOf(view, [block, block]);
  const ever = reachOf(view, [1, block]);
  const otherwise = reachOf({ ...view, isShifting: !isShifting, isMasked: true }, [1, block]);
  const high = new Set(now.own.map((token) => Math.floor(token / view.size[1]))).size;
  const cut = now.own.length < window ** 2;
  const why = cut ? `the edge of the image cuts its window to ${high} x ${now.own.length / high}` : `its whole window of ${window} x ${window}`;
  const leaks = now.leaked.length ? `it also hears ${plural(now.leaked.length, "token")} from the other side of the image` : "nothing more gets into this window";
  const more = ever.leaked.length ? `, and ${ever.leaked.length} more have leaked in` : "";
  return (
    `Token (row ${row}, column ${column}) hears ${now.own.length} of ${view.size[0] * view.size[1]} tokens in block ${block} (${blockKind(view)}): ${why}.` +
    (isMasked ? "" : ` Without the mask ${leaks}.`) +
    ` After ${plural(block, "block")} the input of ${plural(ever.own.length, "token")} has reached it${more}; ` +
    `${isShifting ? "without" : "with"} shifting, that of ${otherwise.own.length}.`
  );
}
