// The memory that attention takes, term by term: `course_utils/costs.py` once more, in integers without bounds.

const [QKV, SCORES, WEIGHTS, COPIES] = ["queries, keys, values", "scores", "weights", "copies for the products"];
const [EARLIER, INPUT, OUTPUT, MIXED] = ["kept by earlier layers", "tokens that come in", "tokens that go out", "mixed values"];
const [GRADIENTS, TILES, STATISTICS] = ["gradients", "tiles of the fused kernel", "row statistics"];

const least = (a, b) => (a < b ? a : b);
const total = (terms) => Object.values(terms).reduce((sum, numbers) => sum + numbers, 0n);

/** Count the numbers (not bytes) in every tensor of one layer; `window` is 0 where there is none. */
function sizesOf(tokens, width, heads, d, window, layers, batch) {
  const rows = least(tokens, tokens >= 768n ? 256n : tokens >= 192n ? 64n : 32n); // queries in a tile
  const isWindowed = window > 0n && window ** 2n < tokens; // one window is the grid: nothing is copied
  return {
    tokens: batch * tokens * width,
    inner: batch * tokens * heads * d,
    matrix: batch * heads * tokens * (window > 0n ? window ** 2n : tokens),
    parameters: heads * d * width + width,
    statistics: batch * heads * tokens,
    tile: rows * least(tokens, 512n),
    sums: rows,
    isCopied: batch > 1n || isWindowed,
    isWindowed,
    layers,
  };
}

/** Return the moments at which attention that is written out may hold most. */
function explicitMoments(s, training) {
  const copied = s.isCopied ? s.inner : 0n;
  const windows = s.isWindowed ? s.tokens : 0n;
  const isKept = training && !s.isWindowed; // the layer before has kept its output, which is our input
  const into = windows + (s.layers > 1n && !isKept ? s.tokens : 0n);
  const kept = s.tokens + 4n * s.inner + s.matrix; // input, q, k, v, mixed values and weights
  const earlier = training ? (s.layers - 1n) * kept : 0n;
  const now = { [EARLIER]: earlier, [INPUT]: into, [QKV]: 3n * s.inner };
  const after = training ? { [WEIGHTS]: s.matrix, [COPIES]: 3n * copied } : {};
  const moments = [
    { ...now, [SCORES]: s.matrix, [WEIGHTS]: s.matrix, [COPIES]: training ? 2n * copied : 0n },
    { ...now, [WEIGHTS]: s.matrix, [COPIES]: (training ? 3n : 1n) * copied, [MIXED]: s.inner },
    { ...now, ...after, [MIXED]: s.inner, [OUTPUT]: s.tokens },
    { ...now, ...after, [COPIES]: 0n, [MIXED]: training ? s.inner : 0n, [OUTPUT]: s.isWindowed ? 2n * s.tokens : 0n },
    { ...now, ...after, [MIXED]: 2n * s.inner }, // the heads are merged: a copy
  ];
  if (!training) return moments;
  // the softmax goes back: weights, their gradient and the scores' gradient
  const keptNow = { [EARLIER]: earlier, [INPUT]: windows, [QKV]: 2n * s.inner, [WEIGHTS]: s.matrix };
  return [...moments, { ...keptNow, [GRADIENTS]: 2n * s.matrix + s.inner + s.parameters }];
}

/** Return the moments at which PyTorch's fused kernel for the CPU may hold most. */
function fusedMoments(s, training) {
  const headWidth = s.inner / s.statistics;
  const kept = s.tokens + 4n * s.inner + s.statistics;
  const earlier = training ? (s.layers - 1n) * kept : 0n;
  const into = s.layers > 1n && !training ? s.tokens : 0n;
  const now = { [EARLIER]: earlier, [INPUT]: into, [QKV]: 3n * s.inner, [MIXED]: s.inner };
  const forward = { ...now, [STATISTICS]: s.statistics, [TILES]: s.tile + s.sums * (2n + headWidth) };
  const output = { ...now, [STATISTICS]: training ? s.statistics : 0n, [OUTPUT]: s.tokens };
  if (!training) return [forward, output];
  const backward = { [GRADIENTS]: 4n * s.inner + s.parameters, [TILES]: 2n * s.tile + s.sums };
  return [forward, output, { ...now, [STATISTICS]: s.statistics, ...backward }];
}

/**
 * Predict the peak memory of attention layers, as pairs of what it is for and its bytes (BigInt).
 *
 * Sizes are integers, `itemsize` the bytes of a number. The caller sees to it that they fit each other.
 */
export function attentionMemory({ tokens, width, heads, headWidth, window, layers, batch, itemsize, kind, training }) {
  const d = headWidth ?? width / heads;
  const sizes = sizesOf(...[tokens, width, heads, d, window ?? 0, layers, batch].map(BigInt));
  const moments = (kind === "fused" ? fusedMoments : explicitMoments)(sizes, training);
  const largest = moments.reduce((most, moment) => (total(moment) > total(most) ? moment : most));
  const held = Object.entries(largest).filter(([, numbers]) => numbers > 0n);
  return held.map(([name, numbers]) => [name, numbers * BigInt(itemsize)]);
}
