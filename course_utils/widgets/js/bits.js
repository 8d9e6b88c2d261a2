// Floating-point formats, exactly: a number is taken apart into whole numbers (BigInt), and put together again.
// A format has a name, `e` exponent bits, `m` mantissa bits, and `infinity`, whether all-ones exponents are special.

const VIEW = new DataView(new ArrayBuffer(8));

export const biasOf = (format) => 2 ** (format.e - 1) - 1;
export const bitsOf = (format) => 1 + format.e + format.m;
const maskOf = (count) => (1n << BigInt(count)) - 1n;

/** Return the pattern of the largest finite number. */
export function largestCode(format) {
  const allOnes = maskOf(bitsOf(format) - 1);
  return allOnes - (format.infinity ? 1n << BigInt(format.m) : 1n);
}

/** Cut a pattern into its sign, its stored exponent and its mantissa. */
export function fieldsOf(code, format) {
  const mantissa = code & maskOf(format.m);
  const exponent = Number((code >> BigInt(format.m)) & maskOf(format.e));
  return { sign: Number(code >> BigInt(format.e + format.m)), exponent, mantissa };
}

/** Return what kind of number a pattern is. */
export function kindOf(code, format) {
  const { exponent, mantissa } = fieldsOf(code, format);
  const magnitude = code & maskOf(bitsOf(format) - 1);
  if (magnitude > largestCode(format)) return format.infinity && mantissa === 0n ? "infinity" : "NaN";
  if (exponent > 0) return "normal";
  return mantissa === 0n ? "zero" : "subnormal";
}

/** Return the value of a pattern. */
export function decodeBits(code, format) {
  const { sign, exponent, mantissa } = fieldsOf(code, format);
  const kind = kindOf(code, format);
  if (kind === "NaN") return NaN;
  const hidden = exponent > 0 ? 1n << BigInt(format.m) : 0n;
  const size = kind === "infinity" ? Infinity : Number(hidden + mantissa) * 2 ** (Math.max(exponent, 1) - biasOf(format) - format.m);
  return sign ? -size : size;
}

/** Return a finite number as a whole number times a power of two, without its sign. */
function takenApart(value) {
  VIEW.setFloat64(0, value);
  const bits = VIEW.getBigUint64(0) & maskOf(63);
  const exponent = Number(bits >> 52n);
  const mantissa = bits & maskOf(52);
  return exponent > 0 ? [mantissa | (1n << 52n), exponent - 1075] : [mantissa, -1074];
}

/** Divide by 2^places and round to the nearest whole number, of two equally near to the even one. */
function roundedShift(whole, places) {
  if (places <= 0) return whole << BigInt(-places);
  const kept = whole >> BigInt(places);
  const [rest, half] = [whole & maskOf(places), 1n << BigInt(places - 1)];
  return rest > half || (rest === half && kept % 2n === 1n) ? kept + 1n : kept;
}

/** Return the pattern of the format's number nearest to `value`; what is too large overflows, or saturates. */
export function encodeBits(value, format, saturates = false) {
  const negative = value < 0 || Object.is(value, -0) ? 1n << BigInt(bitsOf(format) - 1) : 0n;
  const largest = largestCode(format);
  const nan = format.infinity ? largest + 1n + (1n << BigInt(format.m - 1)) : largest + 1n;
  if (Number.isNaN(value)) return nan;
  const tooLarge = saturates ? largest : format.infinity ? largest + 1n : nan;
  const overflown = tooLarge === nan ? nan : negative | tooLarge; // NaN has no sign
  if (!Number.isFinite(value)) return overflown;
  const [whole, power] = takenApart(value);
  const log = whole === 0n ? -Infinity : whole.toString(2).length - 1 + power;
  const exponent = Math.max(log, 1 - biasOf(format)); // below the smallest normal number the steps stay
  const steps = roundedShift(whole, exponent - format.m - power);
  const code = (BigInt(exponent + biasOf(format) - 1) << BigInt(format.m)) + steps;
  return code > largest ? overflown : negative | code;
}

/** Return the gap from a finite number to the next larger magnitude. */
export function gapOf(code, format) {
  const { exponent } = fieldsOf(code, format);
  return 2 ** (Math.max(exponent, 1) - biasOf(format) - format.m);
}

/** Return the format's next smaller and next larger number, as values; infinities are numbers here. */
export function neighboursOf(code, format) {
  const sign = 1n << BigInt(bitsOf(format) - 1);
  const top = largestCode(format) + (format.infinity ? 1n : 0n);
  const ordered = code & sign ? -(code & (sign - 1n)) : code;
  return [ordered - 1n, ordered + 1n].map((next) => {
    const size = next < 0n ? -next : next;
    return size > top ? NaN : decodeBits(next < 0n ? sign | size : size, format);
  });
}

/** Read a number as a person types it; `null` if it is none. */
export function readNumber(text) {
  const clean = text.trim().toLowerCase().replace("−", "-").replace("∞", "inf");
  const special = { inf: Infinity, "+inf": Infinity, infinity: Infinity, "-inf": -Infinity, "-infinity": -Infinity, nan: NaN };
  if (clean in special) return special[clean];
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(clean) ? Number(clean) : null;
}

/** Write a number with at most `digits` digits; below 1e-4 and from 1e21 on with an exponent. */
export function writeNumber(value, digits = 6) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "infinity" : "-infinity";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const short = Number(value.toPrecision(digits));
  return Math.abs(short) < 1e-4 ? short.toExponential() : String(short);
}
