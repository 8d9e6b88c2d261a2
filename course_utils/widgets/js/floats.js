// The FloatExplorer: the bits of a number, what they mean, and what other formats make of it.
import { biasOf, bitsOf, decodeBits, encodeBits, fieldsOf, gapOf, kindOf, largestCode, neighboursOf, readNumber, writeNumber } from "./bits.js";
import { choice, explorer, sentence } from "./controls.js";
import { make } from "./pictures.js";

const FIELDS = ["sign", "exponent", "mantissa"];
const fieldAt = (place, format) => (place === 0 ? 0 : place <= format.e ? 1 : 2);
const lowest = (format) => Math.log10(2 ** (1 - biasOf(format) - format.m));
const bits = (code, format) => code.toString(2).padStart(bitsOf(format), "0");

/** Return by how much, in percent of what was typed, the stored number is off; "" where that makes no sense. */
function offBy(typed, stored) {
  if (!Number.isFinite(typed) || !Number.isFinite(stored) || typed === 0) return "";
  if (typed === stored) return "exact";
  const percent = writeNumber((100 * Math.abs(stored - typed)) / Math.abs(typed), 2);
  return `${percent}% too ${Math.abs(stored) > Math.abs(typed) ? "large" : "small"}`;
}

/** Say what a format makes of the typed number; `widgets/floats.py` has the first of these sentences. */
function describeNumber(view, format) {
  const stored = decodeBits(view.code, format);
  const typed = `${writeNumber(view.typed)} in ${format.name}`;
  const kind = kindOf(view.code, format);
  if (kind === "NaN" && !Number.isNaN(view.typed)) return `${typed} is too large, and ${format.name} has no infinity: it becomes NaN.`;
  if (kind === "NaN") return `${typed}: NaN, not a number.`;
  if (kind === "infinity" && Number.isFinite(view.typed)) return `${typed} is too large: it becomes ${writeNumber(stored)}.`;
  if (kind === "infinity") return `${typed}: ${writeNumber(stored)}.`;
  const off = offBy(view.typed, stored);
  const error = off === "exact" || off === "" ? "exact" : `stored as ${writeNumber(stored)}, ${off}`;
  return `${typed} is ${kind === "zero" && view.typed !== 0 ? "flushed to 0" : error}; the next number is ${writeNumber(gapOf(view.code, format))} away.`;
}

/** Write the value as a formula with its numbers. */
function formula(code, format) {
  const { sign, exponent, mantissa } = fieldsOf(code, format);
  const kind = kindOf(code, format);
  if (kind === "NaN" || kind === "infinity") return `exponent ${exponent}, all ones: ${kind}`;
  const fraction = `${mantissa}/${2n ** BigInt(format.m)}`;
  const power = (shown) => make("sup", {}, String(shown));
  const minus = sign ? "−" : "";
  if (exponent > 0) return [`${minus}2`, power(`${exponent} − ${biasOf(format)}`), ` × (1 + ${fraction})`];
  return [`${minus}2`, power(`1 − ${biasOf(format)}`), ` × ${fraction}`];
}

/** Make the row of bits; `flip` is called with the place of the bit that was pressed, counted from the sign. */
function makeBits(flip) {
  const element = make("div", { class: "vt-bits", role: "group", "aria-label": "the bits: arrow keys move, space flips" });
  let at = 0;
  const move = (to) => {
    const buttons = element.querySelectorAll("button");
    buttons[at].tabIndex = -1;
    at = Math.min(buttons.length - 1, Math.max(0, to));
    buttons[at].tabIndex = 0;
    buttons[at].focus();
  };
  element.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: Infinity }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  });
  const build = (format) => {
    at = 0;
    const sizes = [1, format.e, format.m];
    const groups = FIELDS.map((name, field) => {
      const label = `${name}: ${sizes[field]} ${sizes[field] === 1 ? "bit" : "bits"}`;
      return make("div", { class: `vt-field vt-${name}` }, make("div", { class: "vt-bit-row" }), make("span", { class: "vt-caption" }, label));
    });
    for (let place = 0; place < bitsOf(format); place += 1) {
      const button = make("button", { type: "button", tabindex: place ? -1 : 0, onclick: () => ((at = place), flip(place)) }, "0");
      groups[fieldAt(place, format)].firstChild.append(button);
    }
    element.classList.toggle("vt-many-bits", bitsOf(format) > 20);
    element.replaceChildren(...groups);
  };
  const set = (text, format) => {
    element.querySelectorAll("button").forEach((button, place) => {
      button.textContent = text[place];
      button.setAttribute("aria-pressed", String(text[place] === "1"));
      const field = fieldAt(place, format);
      const nth = place - [0, 1, 1 + format.e][field] + 1;
      button.setAttribute("aria-label", `${FIELDS[field]} bit ${nth}: ${text[place]}`);
    });
  };
  return { element, build, set };
}

/** Make the table of what each format makes of the typed number. */
function makeComparison(formats) {
  const rows = formats.map(() => ["", "", ""].map(() => make("td")));
  const heads = ["format", "stored as", "error", "next number"].map((text) => make("th", { scope: "col" }, text));
  const body = formats.map((format, i) => make("tr", {}, make("th", { scope: "row" }, format.name), ...rows[i]));
  const table = make("table", { class: "vt-table" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
  const set = (typed, chosen) => formats.forEach((format, i) => {
    const code = encodeBits(typed, format);
    const stored = decodeBits(code, format);
    const finite = Number.isFinite(stored);
    const overflow = Number.isFinite(typed) && !finite ? `overflow; saturating: ${writeNumber(decodeBits(encodeBits(typed, format, true), format))}` : "";
    rows[i][0].textContent = writeNumber(stored, 8);
    rows[i][1].textContent = overflow || offBy(typed, stored);
    rows[i][2].textContent = finite ? `${writeNumber(gapOf(code, format), 3)} away` : "";
    body[i].classList.toggle("vt-chosen", format === chosen);
  });
  return { element: make("div", { class: "vt-scroll", tabindex: 0, role: "region", "aria-label": "all formats" }, table), set };
}

/** Make the number line on a logarithmic scale: every format's reach, and where the number lies. */
function makeReach(formats) {
  const shown = formats.filter((format) => format.e < 11); // FP64 would dwarf the others
  const [left, right] = [Math.floor(Math.min(...shown.map(lowest))) - 1, Math.ceil(Math.max(...shown.map((f) => Math.log10(decodeBits(largestCode(f), f))))) + 1];
  const place = (log) => (100 * (Math.min(right, Math.max(left, log)) - left)) / (right - left);
  const bars = shown.map((format) => {
    const [low, normal, high] = [lowest(format), Math.log10(2 ** (1 - biasOf(format))), Math.log10(decodeBits(largestCode(format), format))].map(place);
    const bar = (from, to, name) => make("i", { class: name, style: `left: ${from}%; width: ${to - from}%` });
    return make("div", { class: "vt-reach-row" }, make("span", {}, format.name), make("div", {}, bar(low, normal, "vt-subnormal"), bar(normal, high, "vt-normal")));
  });
  const mark = make("b", { class: "vt-mark" });
  const ticks = [-40, -30, -20, -10, 0, 10, 20, 30, 40].filter((tick) => tick > left && tick < right);
  const scale = make("div", { class: "vt-scale" }, ...ticks.map((tick) => make("span", { class: tick % 20 ? "vt-odd" : null, style: `left: ${place(tick)}%` }, "10", make("sup", {}, String(tick)))));
  const track = make("div", { class: "vt-track" }, mark);
  const caption = make("p", { class: "vt-caption" }, "What each format reaches: striped where numbers are subnormal. The line marks the number. FP64 reaches from 10⁻³²⁴ to 10³⁰⁸, far beyond both ends.");
  const picture = make("div", { class: "vt-reach-picture" }, ...bars, track);
  const element = make("div", { class: "vt-reach", "aria-hidden": "true" }, picture, scale, caption);
  const set = (value) => {
    mark.hidden = !Number.isFinite(value) || value === 0;
    mark.style.left = `${place(Math.log10(Math.abs(value)))}%`;
  };
  return { element, set };
}

function render({ model, el }) {
  const { formats, start, value } = model.get("facts");
  const view = { format: formats[start], typed: value, code: encodeBits(value, formats[start]) };
  const live = sentence();
  const input = make("input", { type: "text", inputmode: "text", autocomplete: "off", spellcheck: "false", "aria-label": "a number" });
  const fault = make("p", { class: "vt-fault", role: "alert" });
  const readings = make("dl", { class: "vt-readings" });
  const row = makeBits((place) => {
    view.code ^= 1n << BigInt(bitsOf(view.format) - 1 - place);
    view.typed = decodeBits(view.code, view.format);
    input.value = String(view.typed);
    changed();
  });
  const comparison = makeComparison(formats);
  const reach = makeReach(formats);
  const kinds = choice({
    label: "format",
    options: formats.map((format, i) => [i, format.name]),
    value: start,
    change: (i) => {
      view.format = formats[i];
      view.code = encodeBits(view.typed, view.format);
      row.build(view.format);
      changed();
    },
  });

  const readingsOf = () => {
    const { format, code, typed } = view;
    const { sign, exponent, mantissa } = fieldsOf(code, format);
    const stored = decodeBits(code, format);
    const finite = Number.isFinite(stored);
    const [below, above] = neighboursOf(code, format).map((next) => writeNumber(next, 8));
    const error = stored - typed;
    const halves = writeNumber(Math.abs(error) / (gapOf(code, format) / 2), 3);
    return [
      ["kind", kindOf(code, format)],
      ["sign", sign ? "1: negative" : "0: positive"],
      ["exponent", `${exponent} stored, bias ${biasOf(format)}`],
      ["mantissa", `${mantissa} of ${2n ** BigInt(format.m)}`],
      ["value", formula(code, format)],
      ["which is", finite ? String(stored) : writeNumber(stored)],
      ["neighbours", finite ? `${below} and ${above}` : "none"],
      ["rounding error", finite && Number.isFinite(typed) ? `${writeNumber(error, 3)}: ${halves} of half a gap` : "none to speak of"],
    ];
  };

  function changed() {
    fault.textContent = "";
    row.set(bits(view.code, view.format), view.format);
    const pairs = readingsOf().flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, ...[text].flat())]);
    readings.replaceChildren(...pairs);
    comparison.set(view.typed, view.format);
    reach.set(decodeBits(view.code, view.format));
    live.textContent = describeNumber(view, view.format);
  }

  input.value = String(value);
  input.addEventListener("keydown", (event) => event.stopPropagation());
  input.addEventListener("input", () => {
    const typed = readNumber(input.value);
    if (typed === null) {
      fault.textContent = `“${input.value}” is no number: type one such as 0.1, -3e-5, inf or nan.`;
      return;
    }
    view.typed = typed;
    view.code = encodeBits(typed, view.format);
    changed();
  });
  const typing = make("label", { class: "vt-typing" }, make("span", {}, "number"), input, make("span", { class: "vt-caption" }, "read as FP64"));
  const controls = make("div", { class: "vt-controls" }, typing, kinds.element);
  const panels = make("div", { class: "vt-panels vt-panels-2" }, readings, comparison.element);
  row.build(view.format);
  el.replaceChildren(explorer("vt-floats", controls, fault, live, row.element, panels, reach.element));
  changed();
}

export default { render };
