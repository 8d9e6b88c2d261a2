// The MatchingExplorer: the Hungarian algorithm on a small cost matrix, step by step, beside the lowest cost first.
import { explorer, sentence, slider } from "./controls.js";
import { hungarianSteps, lowestFirst } from "./hungarian.js";
import { makeCostTable } from "./matching_table.js";
import { make } from "./pictures.js";

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -99], End: [0, 99] };
const NUDGES = { "+": 1, "=": 1, "-": -1, "−": -1 };

/** Return a function that gives whole numbers below its argument, the same ones each time the page is opened. */
function makeDice(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Make a button that keeps its keys to itself. */
function stepButton(text, onclick) {
  const button = make("button", { type: "button", onclick }, text);
  button.addEventListener("keydown", (event) => event.stopPropagation());
  return button;
}

/** Make the rows of results: what is matched so far, the bound, and what both ways pay in the end. */
function makeResults() {
  const told = ["pairs so far", "all potentials", "the cheapest", "the lowest first"].map((title) => [title, make("dd")]);
  const element = make("dl", { class: "vt-readings" }, ...told.flatMap(([title, value]) => [make("dt", {}, title), value]));
  return { element, set: (texts) => told.forEach(([, value], i) => (value.textContent = texts[i])) };
}

/** Make the legend, and say how to touch. */
function makeLegend() {
  const marks = { matched: "a pair so far", path: "reached in this search, or newly paired", zero: "nothing left: may be reached" };
  const items = Object.entries(marks).map(([name, text]) => make("span", {}, make("i", { class: `vt-matching-${name}`, "aria-hidden": "true" }), text));
  const hint = "Touch a cell, or move with the arrow keys, and change its cost by the slider or + and −. Left is the cost minus both potentials.";
  return make("p", { class: "vt-matching-legend" }, ...items, make("span", { class: "vt-matching-hint" }, hint));
}

function render({ model, el }) {
  const { cost: given, decimals, names, range } = model.get("facts");
  const scale = 10 ** decimals;
  const nudge = decimals ? scale / 10 : 1;
  const write = (code) => String(Number((code / scale).toPrecision(6)));
  const dice = makeDice(10);
  const cost = given.map((row) => [...row]);
  const view = { step: 0, cell: [0, 0] };
  let steps = [];
  const live = sentence();
  const [said, outcome] = [make("span"), make("span")];
  live.append(said, " ", outcome);
  live.setAttribute("aria-atomic", "false"); // only what changes is read out
  const results = makeResults();
  const table = makeCostTable(names, write, choose);
  const last = () => steps.length - 1;

  const paid = (pairs) => pairs.reduce((sum, [row, column]) => sum + cost[row][column], 0);
  const told = (pairs) => (pairs.length ? `${pairs.map(([row, column]) => `${names[0][row]} – ${names[1][column]}`).join(", ")}: together ${write(paid(pairs))}` : "none");

  function show() {
    const step = steps[view.step];
    table.show(cost, step, view.cell);
    said.textContent = `Step ${view.step + 1} of ${steps.length}: ${step.sentence}`;
    const bound = [...step.u, ...step.v].reduce((sum, number) => sum + number, 0);
    const [best, greedy] = [steps[last()].pairs, lowestFirst(cost)];
    const lowest = paid(greedy) > paid(best) ? `; taking the lowest cost first comes to ${write(paid(greedy))}.` : ", and so does taking the lowest cost first.";
    outcome.textContent = `The cheapest assignment costs ${write(paid(best))}${lowest}`;
    results.set([told(step.pairs), `together ${write(bound)}; no assignment costs less`, told(best), told(greedy)]);
    at.element.querySelector("input").max = steps.length;
    at.set(view.step + 1);
    [first, back].forEach((button) => button.setAttribute("aria-disabled", String(view.step === 0))); // a disabled one would lose the focus
    [next, end].forEach((button) => button.setAttribute("aria-disabled", String(view.step === last())));
    const [row, column] = view.cell;
    price.element.firstChild.textContent = `cost of ${names[0][row]}, ${names[1][column]}`;
    price.element.querySelector("input").setAttribute("aria-label", price.element.firstChild.textContent);
    price.set(cost[row][column]);
  }

  /** Solve anew: who looked at the end still does, everybody else stays at their step. */
  function solve() {
    const wasLast = steps.length > 0 && view.step === last();
    steps = hungarianSteps(cost, names, write);
    view.step = wasLast ? last() : Math.min(view.step, last());
    show();
  }

  function go(step) {
    view.step = Math.max(0, Math.min(last(), step));
    show();
  }

  function choose(cell) {
    view.cell = cell;
    show();
  }

  function setCost(code) {
    const [row, column] = view.cell;
    cost[row][column] = Math.max(range[0], Math.min(range[1], code));
    solve();
  }

  /** Begin again with other costs; `of` gives each. */
  function restart(of) {
    cost.forEach((row, at) => row.forEach((_, column) => (row[column] = of(at, column))));
    [steps, view.step] = [[], 0];
    solve();
  }

  function move(event) {
    if (event.target.tagName !== "TD" || !(event.key in MOVES || event.key in NUDGES)) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has uses of its own for these keys
    const [row, column] = view.cell;
    if (event.key in NUDGES) return setCost(cost[row][column] + NUDGES[event.key] * nudge);
    table.focus(MOVES[event.key].map((by, axis) => Math.max(0, Math.min(names[axis].length - 1, view.cell[axis] + by)))); // which chooses it
  }

  const [first, back, next, end] = [["first", () => go(0)], ["back", () => go(view.step - 1)], ["next step", () => go(view.step + 1)], ["last", () => go(last())]].map(([text, act]) => stepButton(text, act));
  const at = slider({ label: "step", min: 1, max: 2, value: 1, change: (step) => go(step - 1) });
  const price = slider({ label: "cost", min: range[0], max: range[1], value: range[0], format: write, change: setCost });
  price.element.classList.add("vt-matching-price");
  const controls = make("div", { class: "vt-controls" }, first, back, next, end, at.element);
  const editing = make("div", { class: "vt-controls" }, price.element, stepButton("new costs", () => restart(() => range[0] + dice((range[1] - range[0]) / nudge + 1) * nudge)), stepButton("given costs", () => restart((row, column) => given[row][column])));
  table.element.addEventListener("keydown", move);
  el.replaceChildren(explorer("vt-matching", controls, live, make("div", { class: "vt-scroll" }, table.element), makeLegend(), editing, results.element));
  solve();
}

export default { render };
