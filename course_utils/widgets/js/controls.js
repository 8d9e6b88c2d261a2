// Sliders, buttons, number lines, legends and the live sentence.
import { paintAndInk } from "./colours.js";
import { make } from "./pictures.js";

/** Make a labelled slider with its value written beside it; it calls `change` with each new number. */
export function slider({ label, min, max, step = 1, value, format = String, change }) {
  const input = make("input", { type: "range", min, max, step, value, "aria-label": label });
  const shown = make("span", { class: "vt-value", "aria-hidden": "true" });
  const tell = () => {
    shown.textContent = format(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => {
    tell();
    change(Number(input.value));
  });
  input.addEventListener("keydown", (event) => event.stopPropagation());
  tell();
  const element = make("label", { class: "vt-slider" }, make("span", {}, label), input, shown);
  return { element, set: (next) => ((input.value = next), tell()) };
}

/** Make a row of buttons of which one is pressed; `options` are pairs of value and text. */
export function choice({ label, options, value, change, className = "vt-choice" }) {
  const buttons = new Map();
  const set = (chosen) => buttons.forEach((button, key) => button.setAttribute("aria-pressed", String(key === chosen)));
  const element = make("div", { class: className, role: "group", "aria-label": label });
  for (const [key, content] of options) {
    const button = make("button", { type: "button", onclick: () => (set(key), change(key)) }, content);
    button.addEventListener("keydown", (event) => event.stopPropagation());
    buttons.set(key, button);
    element.append(button);
  }
  set(value);
  return { element, set, buttons };
}

/** Put the parts of an explorer together; JupyterLab's own shortcuts stay out of it. */
export function explorer(className, ...parts) {
  return make("div", { class: `vt-explorer ${className}`, "data-lm-suppress-shortcuts": "true" }, ...parts);
}

/** Make the sentence that says what is shown, aloud where a screen reader listens. */
export function sentence() {
  return make("p", { class: "vt-sentence", role: "status", "aria-live": "polite" });
}

/** Make a line with ticks; `set` takes pairs of a place from 0 to 1 and a text. */
export function numberLine() {
  const element = make("div", { class: "vt-line" });
  const set = (ticks) => {
    element.replaceChildren(
      ...ticks.map(([place, text]) => make("span", { style: `--at: ${100 * place}%`, "data-at": place }, text)),
    );
  };
  return { element, set };
}

/** Make a colour scale over a number line; `set(largest, contrast)` writes what its colours mean. */
export function legend(table, caption, write) {
  const stripes = Array.from({ length: 17 }, (_, i) => paintAndInk(table, i / 16).paint).join(", ");
  const bar = make("div", { class: "vt-bar", style: `background: linear-gradient(to right, ${stripes})` });
  const line = numberLine();
  const text = make("span", { class: "vt-caption" }, caption);
  const element = make("div", { class: "vt-legend" }, bar, line.element, text);
  const set = (largest, contrast = 1) => {
    line.set([0, 0.5, 1].map((place) => [place, write(largest * place ** (1 / contrast))]));
  };
  return { element, set, caption: (next) => (text.textContent = next) };
}
