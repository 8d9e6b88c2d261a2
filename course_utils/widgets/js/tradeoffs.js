// Which models are better than which on two axes, and the sentences about it. `widgets/tradeoffs.py` says the same.
// A chart has models, axes and places, x's and y's place in the models' numbers.

const listedNames = (names) => [names.slice(0, -1).join(", "), ...names.slice(-1)].filter(Boolean).join(" and ");
const namesOf = (models) => listedNames(models.map((model) => model.name));

/** Return x and y of a model, null where it wasn't measured. */
export function pairOf(chart, model) {
  return chart.places.map((place) => model.measured[place]);
}

/** Return the models that were measured on both axes. */
export function shownIn(chart) {
  return chart.models.filter((model) => pairOf(chart, model).every(Boolean));
}

/** Return by how much a model's mean is better than another's, axis by axis. */
function leads(chart, first, second) {
  const [one, other] = [pairOf(chart, first), pairOf(chart, second)];
  return chart.axes.map((axis, i) => (axis.better === "more" ? 1 : -1) * (one[i].mean - other[i].mean));
}

/** Return the models that are better than `model` on one axis and at least as good on the other. */
export function beatersOf(chart, model) {
  return shownIn(chart).filter((other) => {
    const found = leads(chart, other, model);
    return Math.min(...found) >= 0 && Math.max(...found) > 0;
  });
}

/** Return the models that no other beats. */
export function frontOf(chart) {
  return shownIn(chart).filter((model) => !beatersOf(chart, model).length);
}

/** Whether the seeds of two models overlap on an axis. */
function overlaps(chart, first, second) {
  const [one, other] = [pairOf(chart, first), pairOf(chart, second)];
  return one.some((measured, i) => measured.low <= other[i].high && other[i].low <= measured.high);
}

/** Return the models that beat `model`, in three groups: on both axes, on both but for the seeds, on one only. */
export function groupBeaters(chart, model) {
  const beaters = beatersOf(chart, model);
  const both = beaters.filter((other) => Math.min(...leads(chart, other, model)) > 0);
  const close = both.filter((other) => overlaps(chart, other, model));
  return [both.filter((other) => !close.includes(other)), close, beaters.filter((other) => !both.includes(other))];
}

/** Say who beats a model. */
export function describeBeaters(chart, model) {
  const groups = groupBeaters(chart, model);
  const told = ["better on both", "better on both by their means, but seeds overlap", "better on one and equal on the other"];
  const said = groups.map((models, i) => (models.length ? `${namesOf(models)} ${models.length === 1 ? "is" : "are"} ${told[i]}` : ""));
  return [groups[0].length + groups[1].length ? "" : "nobody is better on both", ...said].filter(Boolean).join("; ");
}

/** Say what a model has, and who is better. */
export function describeModel(chart, model) {
  const pair = pairOf(chart, model);
  if (!pair.every(Boolean)) {
    return `${model.name} was not measured on ${listedNames(chart.axes.filter((_, i) => !pair[i]).map((axis) => axis.title))}.`;
  }
  return `${model.name}: ${pair[1].said} at ${pair[0].said}; ${describeBeaters(chart, model)}.`;
}

/** Say who is on the front. */
export function describeFront(chart) {
  const [front, shown] = [frontOf(chart), shownIn(chart)];
  return shown.length ? `On the front: ${namesOf(front)} (${front.length} of ${shown.length}).` : "No model was measured on both.";
}

// scales and their ticks

/** Return a scale: `at(value)` from 0 to 1 within the range of what is shown, with a margin. */
export function makeScale(values, isLog) {
  const bend = isLog ? Math.log10 : (value) => value;
  const ends = [Math.min(...values), Math.max(...values)].map(bend);
  const margin = 0.09 * (ends[1] - ends[0]) || 0.05 * Math.abs(ends[0]) || 0.5; // one value only: some room around it
  const [first, last] = [ends[0] - margin, ends[1] + margin];
  const at = (value) => (bend(value) - first) / (last - first);
  const limits = [first, last].map((end) => (isLog ? 10 ** end : end));
  return { at, ticks: ticksOf(...limits, isLog) };
}

/** Return round numbers between two: 3 to 8 of them; on a logarithmic scale 1, 2 and 5 times powers of ten. */
function ticksOf(first, last, isLog) {
  const decades = Array.from({ length: Math.ceil(Math.log10(last)) - Math.floor(Math.log10(first)) + 1 || 0 }, (_, i) => Math.floor(Math.log10(first)) + i);
  const inside = (parts) => decades.flatMap((power) => parts.map((part) => part * 10 ** power)).filter((value) => value >= first && value <= last);
  for (const parts of isLog ? [[1], [1, 3], [1, 2, 5]] : []) if (inside(parts).length >= 3) return inside(parts);
  const rough = (last - first) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((part) => part * power >= rough * 0.999);
  const count = Math.floor(last / step) - Math.ceil(first / step) + 1;
  return Array.from({ length: count }, (_, i) => (Math.ceil(first / step) + i) * step);
}

/** Write a round number: 0.02, 5,000, 20 k, 4 M. */
export function writeTick(value) {
  const [size, prefix] = [[1e9, " G"], [1e6, " M"], [1e3, " k"]].find(([least]) => Math.abs(value) >= Math.max(least, 10000)) ?? [1, ""];
  return `${Number((value / size).toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 10 })}${prefix}`.replace("-", "−");
}
