// The MemoryExplorer: what attention takes, from the sizes of an image and a model, against what cards have.
import { writeNumber } from "./bits.js";
import { choice, explorer, numberLine, sentence, slider } from "./controls.js";
import { attentionMemory } from "./costs.js";
import { make } from "./pictures.js";

const NAMES = {
  side: "R image side", patch: "P patch side", layers: "L layers", batch: "B batch",
  window: "M window side", heads: "h heads", width: "D width", dtype: "number format",
};
const UNITS = { 1000: ["B", "kB", "MB", "GB", "TB", "PB", "EB"], 1024: ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] };
const [LOWEST, HIGHEST] = [3, 15]; // the scale's ends as powers of ten: 1 kB and 1 PB
const TICKS = ["1 kB", "1 MB", "1 GB", "1 TB", "1 PB"];

const commas = (number) => number.toLocaleString("en-US");
const many = (number, word) => `${commas(number)} ${word}${number === 1 ? "" : "s"}`;
const listed = (names, and) => [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(` ${and} `);
const gridOf = (view) => view.side / view.patch;
const placeOf = (bytes) => (100 * Math.min(1, Math.max(0, (Math.log10(Number(bytes)) - LOWEST) / (HIGHEST - LOWEST)))).toFixed(3);

function inUnits(bytes, base) {
  let [value, power] = [Number(bytes), 0];
  while (Number(writeNumber(value, 4)) >= base && power < UNITS[base].length - 1) [value, power] = [value / base, power + 1];
  return `${writeNumber(value, 4)} ${UNITS[base][power]}`;
}

/** Write bytes with four digits, in decimal and in binary units. */
function writeBytes(bytes) {
  return bytes < 1000n ? `${bytes} B` : `${inUnits(bytes, 1000)} (${inUnits(bytes, 1024)})`;
}

/** Return why the sizes don't fit each other; "" where they do. */
function misfit({ side, patch, width, heads }, choices) {
  const divisors = (name, number) => listed(choices[name].filter((part) => number % part === 0).map(commas), "or");
  if (side % patch) return `Image side ${side} is not a multiple of the patch side ${patch}: choose P = ${divisors("patch", side)}`;
  if (width % heads) return `Width ${width} is not a multiple of ${heads} heads: choose h = ${divisors("heads", width)}`;
  return "";
}

/** Return why there are no windows; "" where there are. */
function windowFault(view) {
  const grid = gridOf(view);
  if (!view.window) return "no window chosen";
  if (grid % view.window) return `not possible: ${grid} is not a multiple of ${view.window}`;
  return grid === view.window ? "not possible: one window is the whole grid" : "";
}

/** Return the bytes of one matrix, of all, and of all within windows; null for what isn't possible. */
function matricesOf(view, itemsize) {
  const one = BigInt(gridOf(view)) ** 4n * BigInt(itemsize);
  const every = one * BigInt(view.layers) * BigInt(view.heads) * BigInt(view.batch);
  return [one, every, windowFault(view) ? null : (every * BigInt(view.window) ** 2n) / BigInt(gridOf(view)) ** 2n];
}

/** Return what the peak holds, as pairs of a name and bytes; null where it isn't possible. */
function peakOf(view, kind, itemsize) {
  if (kind.is_windowed && windowFault(view)) return null;
  const { layers, heads, width, batch } = view;
  const window = kind.is_windowed ? view.window : 0;
  const how = { window, itemsize, kind: kind.kind, training: kind.training };
  return attentionMemory({ tokens: gridOf(view) ** 2, width, heads, layers, batch, ...how });
}

const sumOf = (terms) => terms && terms.reduce((sum, [, bytes]) => sum + bytes, 0n);

function roomFor(bytes, devices) {
  const [large, small] = [true, false].map((fits) => devices.filter(([, gigabytes]) => gigabytes * 1e9 >= bytes === fits).map(([name]) => name));
  if (!small.length) return ": every card has room for them";
  if (!large.length) return ": more than any of the cards has";
  return `: too much for ${listed(small, "and")}, not for ${listed(large, "and")}`;
}

/** Say what the matrices take, as `widgets/settings.py` says it. */
function describeMemory(view, [, every, windows], devices) {
  const { side, patch, window, batch } = view;
  const tokens = many(gridOf(view) ** 2, "token");
  const cut = patch === 1 ? "as pixels" : `in patches of ${patch} x ${patch}`;
  const article = /^(8|11$|18$)/.test(String(side)) ? "An" : "A";
  const image = batch > 1 ? `${commas(batch)} images of ${side} x ${side} ${cut} are ${tokens} each` : `${article} ${side} x ${side} image ${cut} is ${tokens}`;
  const model = `${many(view.layers, "layer")} with ${many(view.heads, "head")}`;
  const all = `${image}; the attention matrices of ${model} take ${writeBytes(every)} in ${view.dtype}${roomFor(every, devices)}.`;
  if (windows === null) return all;
  const less = commas((gridOf(view) / window) ** 2);
  return `${all} Within windows of ${window} x ${window} tokens they take ${writeBytes(windows)}, ${less} times less.`;
}

/** Make the controls: sliders over the choices of what is swept, selects for the others. */
function makeFields(view, choices, changed) {
  const change = (name, value) => ((view[name] = value), changed());
  const sliders = ["side", "patch", "layers", "batch"].map((name) => {
    const offered = choices[name];
    const [max, value] = [offered.length - 1, offered.indexOf(view[name])];
    return slider({ label: NAMES[name], min: 0, max, value, format: (i) => commas(offered[i]), change: (i) => change(name, offered[i]) }).element;
  });
  const selects = ["window", "heads", "width", "dtype"].map((name) => {
    const text = (value) => (name !== "window" ? String(value) : value ? `${value} x ${value} tokens` : "none");
    const options = choices[name].map((value, i) => make("option", { value: i, selected: value === view[name] ? "" : null }, text(value)));
    const select = make("select", { "aria-label": NAMES[name], onchange: () => change(name, choices[name][select.value]) }, ...options);
    select.addEventListener("keydown", (event) => event.stopPropagation());
    return make("label", { class: "vt-memory-field" }, make("span", {}, NAMES[name]), select);
  });
  return make("div", { class: "vt-memory-fields" }, ...sliders, ...selects);
}

/** Make the bars on their logarithmic scale; `set` takes bytes or, where there are none, the reason. */
function makeBars(groups, devices) {
  const lines = () => devices.map(([, gigabytes]) => make("b", { style: `left: ${placeOf(gigabytes * 1e9)}%` }));
  const rows = groups.flatMap(([, names]) => names).map((name) => ({ name, fill: make("i"), text: make("span", { class: "vt-memory-bytes" }) }));
  const labels = devices.map(([name, gigabytes], i) => {
    const place = Number(placeOf(gigabytes * 1e9));
    const label = make("span", { class: place > 66 ? "vt-memory-left" : null }, `${name}: ${writeNumber(gigabytes, 4)} GB`);
    return make("div", { style: `left: ${place}%; top: ${18 * i}px` }, label); // lower than the one before: no line crosses a label
  });
  const cards = make("div", { class: "vt-memory-cards" }, ...labels);
  const rowOf = ({ name, fill, text }) =>
    make("div", { class: "vt-memory-row", role: "listitem" }, make("span", {}, name), make("div", { "aria-hidden": "true" }, fill, ...lines()), text);
  const lists = groups.map(([title, names, className]) => {
    const shown = names.map((name) => rowOf(rows.find((row) => row.name === name)));
    return [make("p", { class: "vt-memory-group" }, title), make("div", { role: "list", class: className, "aria-label": title }, ...shown)];
  });
  const scale = numberLine();
  scale.set(TICKS.map((text, i) => [i / (TICKS.length - 1), text]));
  scale.element.setAttribute("aria-hidden", "true");
  const height = `padding-top: ${18 * devices.length}px`;
  const element = make("div", { class: "vt-memory-bars", style: height }, cards, ...lists.flat(), scale.element);
  const set = (sizes) => rows.forEach(({ fill, text }, i) => {
    const bytes = typeof sizes[i] === "bigint" ? sizes[i] : 0n;
    fill.hidden = !bytes;
    fill.style.width = `${placeOf(bytes)}%`;
    fill.classList.toggle("vt-memory-beyond", bytes > 10n ** BigInt(HIGHEST));
    text.classList.toggle("vt-memory-none", !bytes);
    text.textContent = bytes ? writeBytes(bytes) : sizes[i];
  });
  return { element, set };
}

/** Make the table of what a peak holds. */
function makeTerms() {
  const heads = ["at the peak", "bytes", "", "share"].map((text) => make(text ? "th" : "td", text ? { scope: "col" } : {}, text));
  const body = make("tbody");
  const table = make("table", { class: "vt-table" }, make("thead", {}, make("tr", {}, ...heads)), body);
  const row = (name, bytes, most) => {
    const share = `${((100 * Number(bytes)) / Number(most)).toFixed(1)}%`;
    return make("tr", {}, make("th", { scope: "row" }, name), ...[commas(bytes), writeBytes(bytes), share].map((text) => make("td", {}, text)));
  };
  const set = (terms, fault) => {
    const most = sumOf(terms);
    const rows = terms ? [...terms, ["in all", most]].map(([name, bytes]) => row(name, bytes, most)) : [];
    body.replaceChildren(...(terms ? rows : [make("tr", {}, make("td", { colspan: 4 }, fault))]));
  };
  const element = make("div", { class: "vt-scroll", tabindex: 0, role: "region", "aria-label": "what the peak holds" }, table);
  return { element, set };
}

/** Return the counts that the bytes come from, as pairs of a name and its formula in numbers. */
function countsOf(view, itemsize) {
  const { side, patch, window, layers, heads, batch } = view;
  const tokens = gridOf(view) ** 2;
  const windows = windowFault(view) || `N M² = ${commas(tokens)} × ${window ** 2} = ${commas(BigInt(tokens) * BigInt(window) ** 2n)}`;
  return [
    ["tokens", `N = (R/P)² = (${side}/${patch})² = ${commas(tokens)}`],
    ["one matrix", `N² = (R/P)⁴ = ${commas(BigInt(tokens) ** 2n)}`],
    ["in windows", windows],
    ["matrices", `L h B = ${layers} × ${heads} × ${batch} = ${commas(layers * heads * batch)}`],
    ["a number", `${many(itemsize, "byte")} in ${view.dtype}`],
  ];
}

function render({ model, el }) {
  const { start, choices, itemsizes, matrices, kinds, devices } = model.get("facts");
  const view = { ...start };
  let shown = kinds[1];
  const live = sentence();
  const fault = make("p", { class: "vt-fault", role: "alert" });
  const fields = makeFields(view, { ...choices, dtype: Object.keys(itemsizes) }, changed);
  const bars = makeBars([["the attention matrices alone", matrices, "vt-memory-alone"], ["all that attention holds at its peak, predicted", kinds.map((kind) => kind.name), null]], devices);
  const counts = make("dl", { class: "vt-readings" });
  const terms = makeTerms();
  const picked = choice({ label: "peak of", options: kinds.map((kind) => [kind, kind.name]), value: shown, change: (kind) => ((shown = kind), changed()) });

  function changed() {
    const told = misfit(view, choices);
    fault.textContent = told && `${told}. Shown is still what it was before.`;
    if (told) return;
    const itemsize = itemsizes[view.dtype];
    const sizes = matricesOf(view, itemsize);
    const peaks = kinds.map((kind) => sumOf(peakOf(view, kind, itemsize)));
    bars.set([...sizes, ...peaks].map((bytes) => bytes ?? windowFault(view)));
    counts.replaceChildren(...countsOf(view, itemsize).flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]));
    terms.set(peakOf(view, shown, itemsize), windowFault(view));
    live.textContent = describeMemory(view, sizes, devices);
  }

  const caption = "1 GB is 10⁹ bytes, 1 GiB is 2³⁰ bytes; the cards' memory is in GB. Explicit attention writes scores and weights out, fused attention computes them tile by tile. The peaks are those that course_utils.costs.attention_memory predicts for the attention layers with their projections; parameters and MLPs come on top.";
  const held = make("div", { class: "vt-memory-held" }, picked.element, terms.element);
  el.replaceChildren(explorer("vt-memory", fields, fault, live, bars.element, make("p", { class: "vt-caption" }, caption), counts, held));
  changed();
}

export default { render };
