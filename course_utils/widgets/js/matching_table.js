// The table of a MatchingExplorer: costs, what is left of them, potentials, and the marks of a step.
import { leftOver } from "./hungarian.js";
import { make } from "./pictures.js";

/** Make text for those who listen. */
const quiet = (text) => make("span", { class: "vt-matching-quiet" }, text);

/** Make the table once; `show` writes a step into it. `pick` is told which cell was touched. */
export function makeCostTable(names, write, pick) {
  const places = names[0].map((_, row) => names[1].map((_, column) => [row, column]));
  const cells = places.map((row) => row.map((place) => make("td", { role: "gridcell", tabindex: -1, onclick: () => pick(place), onfocus: () => pick(place) })));
  const heads = names.map((side, axis) => side.map((name) => make("th", { scope: axis ? "col" : "row" }, name)));
  const potentials = names.map((side) => side.map(() => make("td", { role: "gridcell", class: "vt-matching-potential" })));
  const title = (scope) => make("th", { scope, class: "vt-matching-potential" }, "potential");
  const blank = () => make("td", { role: "gridcell", class: "vt-matching-blank" });
  const line = (row) => make("tr", {}, heads[0][row], ...cells[row], potentials[0][row]);
  const element = make(
    "table", { role: "grid", class: "vt-matching-costs", "aria-label": "costs: arrow keys move, + and − change one" },
    make("thead", {}, make("tr", {}, blank(), ...heads[1], title("col"))),
    make("tbody", {}, ...names[0].map((_, row) => line(row)), make("tr", {}, title("row"), ...potentials[1], blank())),
  );

  function show(cost, step, chosen) {
    const has = (pairs, [row, column]) => pairs.some((pair) => pair[0] === row && pair[1] === column);
    for (const place of places.flat()) {
      const [row, column] = place;
      const cell = cells[row][column];
      const left = leftOver({ cost, ...step }, row, column);
      const marks = { matched: has(step.pairs, place), path: has(step.path, place), zero: left === 0 };
      const told = `${marks.path ? ", on the path" : ""}${marks.matched ? ", matched" : ""}`;
      cell.replaceChildren(quiet("cost "), make("b", {}, write(cost[row][column])), quiet(", "), make("small", {}, `${write(left)} left`), quiet(told));
      for (const [name, is] of Object.entries(marks)) cell.classList.toggle(`vt-matching-${name}`, is);
      const isChosen = row === chosen[0] && column === chosen[1];
      cell.setAttribute("aria-selected", String(isChosen));
      cell.tabIndex = isChosen ? 0 : -1;
    }
    [step.u, step.v].forEach((side, axis) => side.forEach((number, at) => (potentials[axis][at].textContent = write(number))));
  }
  return { element, show, focus: ([row, column]) => cells[row][column].focus() };
}
