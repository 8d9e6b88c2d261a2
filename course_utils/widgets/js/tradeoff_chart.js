// The scatter chart of a TradeoffExplorer, as SVG: axes, the front, seeds, marks, names.
import { boxAround, nearestPoint, placeNames } from "./tradeoff_labels.js";
import { frontOf, makeScale, pairOf, shownIn, writeTick } from "./tradeoffs.js";

const EDGE = { left: 50, right: 10, top: 26, bottom: 44 };
const RADIUS = 6;
const LINE = 16; // height of a name
const SHAPES = ["M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z", "M-5.5 -5.5h11v11h-11z", "M0 -7L6.5 5H-6.5z", "M0 -7.5L7.5 0L0 7.5L-7.5 0z"];

/** Return the namespace of SVG, as the browser knows it. */
function namespaceOfSvg() {
  const template = document.createElement("template");
  template.innerHTML = "<svg></svg>";
  return template.content.firstChild.namespaceURI;
}

const SVG = namespaceOfSvg();

/** Make an SVG element. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Draw the mark of a family: its shape and colour, filled on the front. */
export function drawMark(family, colour, isOnFront) {
  return draw("path", { d: SHAPES[family], class: isOnFront ? "vt-filled" : "vt-open", style: `--mark: ${colour}` });
}

/** Return where everything stands: scales, the marks' places, the names' boxes. */
export function layOut(chart, isLog, { width, height }, measure) {
  const models = shownIn(chart);
  const field = { width: width - EDGE.left - EDGE.right, height: height - EDGE.top - EDGE.bottom };
  const scales = chart.places.map((place, i) => makeScale(models.flatMap(({ measured }) => [measured[place].low, measured[place].mean, measured[place].high]), isLog[i]));
  const across = (value) => field.width * scales[0].at(value);
  const down = (value) => field.height * (1 - scales[1].at(value));
  const marks = models.map((model) => {
    const [x, y] = pairOf(chart, model);
    return { model, x: across(x.mean), y: down(y.mean), spreadX: [across(x.low), across(x.high)], spreadY: [down(y.low), down(y.high)] };
  });
  const front = frontCorners(chart, field, marks);
  const lines = [
    ...front.slice(1).map((corner, i) => boxAround(front[i], corner, 1)),
    ...marks.flatMap(({ x, y, spreadX, spreadY }) => [boxAround([spreadX[0], y], [spreadX[1], y], 1), boxAround([x, spreadY[0]], [x, spreadY[1]], 1)]),
  ];
  const names = placeNames(marks, models.map(({ name }) => ({ width: measure(name), height: LINE })), field, RADIUS + 3, lines);
  return { field, scales, across, down, marks, front, names };
}

/** Draw grid lines, ticks and the titles of both axes. */
function drawAxes(chart, { field, scales, across, down }) {
  const [titleX, titleY] = chart.axes.map(({ title, better }, i) => `${title}: ${better} is better ${{ more: "→↑", less: "←↓" }[better][i]}`);
  const ticks = [
    ...scales[0].ticks.map((value) => draw("g", { transform: `translate(${across(value)} 0)` }, draw("path", { class: "vt-grid", d: `M0 0V${field.height}` }), draw("text", { y: field.height + 16, "text-anchor": "middle" }, writeTick(value)))),
    ...scales[1].ticks.map((value) => draw("g", { transform: `translate(0 ${down(value)})` }, draw("path", { class: "vt-grid", d: `M0 0H${field.width}` }), draw("text", { x: -6, dy: "0.35em", "text-anchor": "end" }, writeTick(value)))),
  ];
  const frame = draw("path", { class: "vt-frame", d: `M0 0V${field.height}H${field.width}` });
  const titles = [
    draw("text", { class: "vt-axis", x: field.width, y: field.height + 36, "text-anchor": "end" }, titleX),
    draw("text", { class: "vt-axis", x: 6 - EDGE.left, y: -12 }, titleY),
  ];
  return draw("g", { class: "vt-axes" }, ...ticks, frame, ...titles);
}

/** Return the corners of the front, from one edge of the field to the other: what lies behind it, somebody beats. */
function frontCorners(chart, field, marks) {
  const front = frontOf(chart);
  const points = marks.filter(({ model }) => front.includes(model)).sort((a, b) => a.x - b.x);
  const worst = chart.axes[1].better === "more" ? field.height : 0;
  if (chart.axes[0].better === "more") {
    const corners = points.flatMap(({ x, y }, i) => [[i ? points[i - 1].x : 0, y], [x, y]]);
    return [...corners, [points.at(-1).x, worst]];
  }
  const corners = points.flatMap(({ x, y }, i) => [[x, i ? points[i - 1].y : worst], [x, y]]);
  return [...corners, [field.width, points.at(-1).y]];
}

/** Draw the part of the field where a model would be better than the chosen one on both axes. */
function drawBetter(chart, { field }, { x, y }) {
  const [isRight, isAbove] = [chart.axes[0].better === "more", chart.axes[1].better === "more"];
  const box = { x: isRight ? x : 0, y: isAbove ? 0 : y, width: isRight ? field.width - x : x, height: isAbove ? y : field.height - y };
  return draw("rect", { class: "vt-better", ...box });
}

/** Draw a model's seeds, from the lowest to the highest on both axes. */
function drawSpread({ x, y, spreadX, spreadY }, colour) {
  const cap = 4;
  const across = spreadX[0] === spreadX[1] ? "" : `M${spreadX[0]} ${y}H${spreadX[1]}` + spreadX.map((end) => `M${end} ${y - cap}v${2 * cap}`).join("");
  const down = spreadY[0] === spreadY[1] ? "" : `M${x} ${spreadY[0]}V${spreadY[1]}` + spreadY.map((end) => `M${x - cap} ${end}h${2 * cap}`).join("");
  return draw("path", { class: "vt-spread", d: across + down, style: `--mark: ${colour}` });
}

/** Draw a model's mark with a ring if it is the reader's own, and another around the chosen one. */
function drawModel({ model, x, y }, colour, isOnFront, isChosen) {
  const rings = [model.yours && draw("circle", { class: "vt-yours", r: 10 }), isChosen && draw("circle", { class: "vt-chosen-ring", r: 12 })];
  const attributes = { class: "vt-mark", transform: `translate(${x} ${y})`, "data-model": model.name, "data-front": isOnFront };
  return draw("g", attributes, ...rings.filter(Boolean), drawMark(model.family, colour, isOnFront));
}

/** Draw a name, with a line to its mark where that is far. */
function drawName(mark, box, isChosen) {
  const text = draw("text", { x: box.x + box.width / 2, y: box.y + LINE / 2, dy: "0.35em", "text-anchor": "middle", class: isChosen ? "vt-name vt-bold" : "vt-name", "data-model": mark.model.name }, mark.model.name);
  const end = nearestPoint(mark, box);
  return box.isFar ? [draw("path", { class: "vt-leader", d: `M${mark.x} ${mark.y}L${end.x} ${end.y}` }), text] : [text];
}

/** Draw the whole chart into `svg`; `chosen` is a model. */
export function drawChart(svg, chart, place, colours, chosen) {
  const front = frontOf(chart);
  const mark = place.marks.find(({ model }) => model === chosen);
  const names = place.marks.map((each, i) => drawName(each, place.names[i], each === mark));
  const all = draw(
    "g", { transform: `translate(${EDGE.left} ${EDGE.top})` },
    ...(mark ? [drawBetter(chart, place, mark)] : []),
    drawAxes(chart, place),
    draw("path", { class: "vt-front", d: `M${place.front.join("L")}` }),
    ...place.marks.map((each) => drawSpread(each, colours[each.model.family])),
    ...names.flatMap((parts) => parts.slice(0, -1)),
    ...place.marks.map((each) => drawModel(each, colours[each.model.family], front.includes(each.model), each === mark)),
    ...names.map((parts) => parts.at(-1)),
  );
  svg.replaceChildren(all);
}

/** Return the model whose mark or name is nearest to a place in the SVG; none where nothing is drawn. */
export function modelAt(place, x, y) {
  const [left, top] = [x - EDGE.left, y - EDGE.top];
  const far = (i) => {
    const near = nearestPoint({ x: left, y: top }, place.names[i]);
    return Math.min(Math.hypot(place.marks[i].x - left, place.marks[i].y - top), Math.hypot(near.x - left, near.y - top));
  };
  const order = place.marks.map((_, i) => i).sort((a, b) => far(a) - far(b));
  return order.length ? place.marks[order[0]].model : null;
}
