// The numbers of an explorer: unpacked once, read often. `arrays.py` is the other half.

/** Inflate `view` and cut it into arrays of 16-bit integers; of each, the low bytes come before the high ones. */
export async function unpack(view, headers) {
  const packed = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const arrays = {};
  let start = 0;
  for (const { name, shape } of headers) {
    const count = shape.reduce((product, side) => product * side, 1);
    const codes = new Uint16Array(count);
    for (let i = 0; i < count; i += 1) codes[i] = bytes[start + i] | (bytes[start + count + i] << 8);
    arrays[name] = { shape, codes };
    start += 2 * count;
  }
  return arrays;
}

/** Take one row (a query) or one column (a key) out of the matrix that begins at `start`. */
export function line(codes, start, [rows, columns], index, isColumn) {
  if (!isColumn) return codes.subarray(start + index * columns, start + (index + 1) * columns);
  return Uint16Array.from({ length: rows }, (_, row) => codes[start + row * columns + index]);
}

/** Return what is shown of a code: tenths of a percent, a whole number. */
export function tenths(code, fine) {
  return Math.floor(code / fine);
}

/** Return the weight that a code stands for. */
export function weight(code, fine) {
  return (tenths(code, fine) + ((code % fine) + 0.5) / fine - 0.5) / 1000;
}

/** Write tenths of a percent as a percentage. */
export function percent(tenthsOfPercent) {
  return `${(tenthsOfPercent / 10).toFixed(1)}%`;
}

/**
 * Return the indices of the largest and the second largest code, the latter -1 if there is but one.
 * Of equals `favourite` counts as the largest (a token that looks at itself no less than at others), then the first.
 */
export function topTwo(codes, favourite = -1) {
  const rank = (i) => codes[i] + (i === favourite ? 0.5 : 0);
  let best = 0;
  let second = -1;
  for (let i = 1; i < codes.length; i += 1) {
    if (rank(i) > rank(best)) [best, second] = [i, best];
    else if (second < 0 || rank(i) > rank(second)) second = i;
  }
  return [best, second];
}
