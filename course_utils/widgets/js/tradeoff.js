// The TradeoffExplorer: models on any two axes, which of them no other beats on both, and who beats the chosen one.
import { choice, explorer, sentence } from "./controls.js";
import { make, tellCell } from "./pictures.js";
import { draw, drawChart, drawMark, layOut, modelAt } from "./tradeoff_chart.js";
import { beatersOf, describeFront, describeModel, pairOf, shownIn } from "./tradeoffs.js";

const [NARROW, HIGH, LOW] = [560, 420, 360]; // pixels
const LETTERS = ["x", "y"];

/** Make a select for one axis and buttons for its scale. */
function axisControls(letter, axes, { choose, rescale }) {
  const options = axes.map(({ title }, i) => make("option", { value: i }, title));
  const select = make("select", { "aria-label": `axis ${letter}`, onchange: () => choose(Number(select.value)) }, ...options);
  select.addEventListener("keydown", (event) => event.stopPropagation());
  const scale = choice({ label: `scale of axis ${letter}`, options: [[false, "linear"], [true, "log"]], value: false, change: rescale });
  const element = make("div", { class: "vt-tradeoff-axis" }, make("span", { "aria-hidden": "true" }, letter), select, scale.element);
  const set = (place, isLog) => {
    select.value = place;
    scale.set(isLog);
    scale.buttons.get(true).disabled = !axes[place].allowsLog;
    scale.buttons.get(true).title = axes[place].allowsLog ? "" : "a logarithmic scale needs numbers above 0";
  };
  return { element, set };
}

/** Say what shapes, bars, rings and shades mean. */
function legendOf(families, models) {
  const picture = (...parts) => draw("svg", { viewBox: "-14 -10 28 20", width: 28, height: 20, "aria-hidden": "true" }, ...parts);
  const entry = (text, ...parts) => make("span", {}, picture(...parts), text);
  const there = families.map((family, i) => [...family, i]).filter(([, , i]) => models.some(({ family }) => family === i));
  return make(
    "p", { class: "vt-tradeoff-legend" },
    ...there.map(([name, colour, i]) => entry(name, drawMark(i, colour, true))),
    entry("Pareto front: filled marks are on it, nobody beats them on both axes", draw("path", { class: "vt-front", d: "M-13 -6H0V6H13" })),
    entry("mean, with the lowest and the highest seed", draw("path", { class: "vt-spread", style: "--mark: currentColor", d: "M-10 0H10M-10 -4v8M10 -4v8" })),
    entry("better on both than the chosen model", draw("rect", { class: "vt-better", x: -13, y: -8, width: 26, height: 16 })),
    ...(models.some(({ yours }) => yours) ? [entry("yours", draw("circle", { class: "vt-yours", r: 8 }))] : []),
  );
}

/** Make the table of the shown numbers; `fill` writes it for a chart, `mark` marks the chosen model's row. */
function makeTable(families, pick) {
  const [head, body] = [make("thead"), make("tbody")];
  const element = make("table", { class: "vt-table" }, make("caption", {}, "The numbers shown"), head, body);
  let rows = new Map();
  const cell = (measured) => make("td", {}, measured ? measured.number : "–", ...(measured?.spread ? [make("small", {}, ` ${measured.spread}`)] : []));
  const beaten = (chart, model) => {
    if (!pairOf(chart, model).every(Boolean)) return "–";
    const count = beatersOf(chart, model).length;
    return count ? `${count} model${count === 1 ? "" : "s"}` : "nobody";
  };
  function fill(chart) {
    const titles = ["model", "family", ...chart.axes.map(({ title }) => title), "beaten by"];
    head.replaceChildren(make("tr", {}, ...titles.map((title) => make("th", { scope: "col" }, title))));
    const sign = chart.axes[1].better === "more" ? -1 : 1;
    const rank = (model) => sign * (pairOf(chart, model)[1]?.mean ?? sign * Infinity);
    const sorted = [...chart.models].sort((a, b) => rank(a) - rank(b) || 0);
    rows = new Map(sorted.map((model) => {
      const cells = [make("td", {}, families[model.family][0]), ...pairOf(chart, model).map(cell), make("td", {}, beaten(chart, model))];
      return [model, make("tr", { onclick: () => pick(model) }, make("th", { scope: "row" }, model.name), ...cells)];
    }));
    body.replaceChildren(...rows.values());
  }
  const mark = (chosen) => rows.forEach((row, model) => row.classList.toggle("vt-chosen", model === chosen));
  return { element: make("div", { class: "vt-scroll", tabindex: 0, role: "region", "aria-label": "The numbers shown" }, element), fill, mark };
}

function render({ model: state, el }) {
  const { axes, models, families, start } = state.get("facts");
  const colours = families.map(([, colour]) => colour);
  const view = { places: start.slice(0, 2), isLog: start.slice(0, 2).map((place) => axes[place].scale === "log"), chosen: models[start[2]], hovered: null };
  const ink = document.createElement("canvas").getContext("2d");
  const svg = draw("svg", { "aria-hidden": "true" });
  const field = make("div", { class: "vt-tradeoff-field" }, svg);
  const live = sentence();
  const table = makeTable(families, pick);
  const controls = LETTERS.map((letter, i) => axisControls(letter, axes, { choose: (place) => choose(i, place), rescale: (isLog) => rescale(i, isLog) }));
  let [chart, place, width] = [null, null, 0];

  /** Put another axis in place; the other axis's own makes both change places. */
  function choose(i, to) {
    if (to === view.places[1 - i]) [view.places, view.isLog] = [view.places.toReversed(), view.isLog.toReversed()];
    else [view.places[i], view.isLog[i]] = [to, axes[to].scale === "log"];
    tellAxes();
  }

  function rescale(i, isLog) {
    view.isLog[i] = isLog;
    tellAxes();
  }

  function pick(model) {
    [view.chosen, view.hovered] = [model, null];
    tell();
  }

  function hover(model) {
    if (model === view.hovered) return;
    view.hovered = model;
    tell();
  }

  function tellAxes() {
    chart = { models, axes: view.places.map((i) => axes[i]), places: view.places };
    controls.forEach((control, i) => control.set(view.places[i], view.isLog[i]));
    table.fill(chart);
    arrange();
  }

  /** Lay the chart out for the width there is. */
  function arrange() {
    if (!width) return tell();
    const height = width < NARROW ? LOW : HIGH;
    for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) svg.setAttribute(name, value);
    ink.font = `600 12.5px ${getComputedStyle(root).fontFamily}`;
    place = shownIn(chart).length ? layOut(chart, view.isLog, { width, height }, (name) => Math.ceil(ink.measureText(name).width) + 2) : null;
    tell();
  }

  /** Return the models from left to right, or from below. */
  const inOrder = (i) => [...shownIn(chart)].sort((a, b) => pairOf(chart, a)[i].mean - pairOf(chart, b)[i].mean);

  function tell() {
    const shown = view.hovered ?? view.chosen;
    if (place) drawChart(svg, chart, place, colours, shown);
    else svg.replaceChildren();
    live.textContent = `${describeModel(chart, shown)} ${describeFront(chart)}`;
    table.mark(shown);
    const order = inOrder(0);
    const text = describeModel(chart, view.chosen);
    tellCell(field, { label: "the models from left to right: arrow keys choose one", grid: order.length ? [1, order.length] : null, cell: Math.max(0, order.indexOf(view.chosen)), text });
  }

  field.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1], Home: [0, -Infinity], End: [0, Infinity] };
    if (!(event.key in moves) || !place) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has uses of its own for these keys
    const [axis, step] = moves[event.key];
    const order = inOrder(axis);
    pick(order[Math.min(order.length - 1, Math.max(0, order.indexOf(view.chosen) + step))]);
  });
  const under = (event) => {
    const box = svg.getBoundingClientRect();
    return place && modelAt(place, event.clientX - box.left, event.clientY - box.top);
  };
  field.addEventListener("click", (event) => place && pick(under(event)));
  field.addEventListener("pointermove", (event) => event.pointerType !== "touch" && hover(under(event)));
  field.addEventListener("pointerleave", () => hover(null));

  const hint = "Choose a model by click, tap or arrow keys on the chart, or a click on its row. Means decide who beats whom.";
  const root = explorer(
    "vt-tradeoff",
    make("div", { class: "vt-controls" }, controls[1].element, controls[0].element),
    live, field, legendOf(families, models), table.element, make("p", { class: "vt-caption" }, hint),
  );
  const observer = new ResizeObserver(() => {
    if (!field.clientWidth || field.clientWidth === width) return; // not on the screen, or as before
    width = field.clientWidth;
    arrange();
  });
  el.replaceChildren(root);
  tellAxes();
  observer.observe(field);
  return () => observer.disconnect();
}

export default { render };
