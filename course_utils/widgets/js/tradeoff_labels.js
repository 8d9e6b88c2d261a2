// Where names stand beside their marks, so that none covers another name or a mark.

const RINGS = [15, 20, 27, 37, 49, 63, 80, 100, 125, 155, 190];
const TURNS = 16;
const GAP = 2; // pixels between two names
const LINE_COST = 25; // crossing a line is as bad as standing so many pixels farther away

const isClear = (box, other) =>
  box.x + box.width + GAP <= other.x || other.x + other.width + GAP <= box.x || box.y + box.height + GAP <= other.y || other.y + other.height + GAP <= box.y;

/** Return the box of a name beside a mark, in the direction of an angle, `distance` away from the mark's middle. */
function boxBeside({ x, y }, { width, height }, distance, angle) {
  const [across, down] = [Math.cos(angle), Math.sin(angle)];
  const [left, top] = [x + distance * across, y + distance * down];
  return { x: left - (width * (1 - across)) / 2, y: top - (height * (1 - down)) / 2, width, height };
}

/** Return all places for a name, near ones first; of equally near ones right, left, above and below first. */
function* placesOf(mark, size) {
  const turns = [0, TURNS / 2, (3 * TURNS) / 4, TURNS / 4, ...Array.from({ length: TURNS }, (_, i) => i)];
  for (const distance of RINGS) for (const turn of turns) yield { ...boxBeside(mark, size, distance, (turn * 2 * Math.PI) / TURNS), distance };
}

/** Return the box around a horizontal or vertical line. */
export function boxAround([x1, y1], [x2, y2], room) {
  return { x: Math.min(x1, x2) - room, y: Math.min(y1, y2) - room, width: Math.abs(x1 - x2) + 2 * room, height: Math.abs(y1 - y2) + 2 * room };
}

/**
 * Place names beside their marks.
 *
 * `marks` have x and y, `sizes` width and height, `field` width and height; `radius` is that of a mark; `lines` are the
 * boxes of lines, which a name crosses only where there is no other place. Returns for each name its box, and whether
 * it stands so far away that a line has to lead to it. The most crowded come first.
 */
export function placeNames(marks, sizes, field, radius, lines) {
  const blocks = marks.map(({ x, y }) => boxAround([x, y], [x, y], radius));
  const crowd = (mark) => marks.filter((other) => Math.hypot(mark.x - other.x, mark.y - other.y) < 80).length;
  const order = marks.map((_, i) => i).sort((a, b) => crowd(marks[b]) - crowd(marks[a]));
  const placed = [];
  for (const i of order) {
    const hits = (box, others) => others.filter((other) => !isClear(box, other)).length;
    const taken = [...blocks, ...placed.filter(Boolean)];
    const isInside = ({ x, y }) => x >= 0 && y >= 0 && x + sizes[i].width <= field.width && y + sizes[i].height <= field.height;
    let best = { ...boxBeside(marks[i], sizes[i], RINGS[0], 0), cost: Infinity };
    for (const box of placesOf(marks[i], sizes[i])) {
      if (box.distance >= best.cost) break; // all others are farther away
      if (!isInside(box)) continue;
      const cost = box.distance + 1000 * hits(box, taken) + LINE_COST * hits(box, lines);
      if (cost < best.cost) best = { ...box, cost };
    }
    placed[i] = best;
  }
  return placed.map((box, i) => ({ ...box, isFar: distanceTo(marks[i], box) > RINGS[1] }));
}

/** Return how far a point is from a box. */
function distanceTo({ x, y }, box) {
  const across = Math.max(box.x - x, 0, x - box.x - box.width);
  const down = Math.max(box.y - y, 0, y - box.y - box.height);
  return Math.hypot(across, down);
}

/** Return the point of a box that is nearest to a mark. */
export function nearestPoint({ x, y }, box) {
  return { x: Math.min(box.x + box.width, Math.max(box.x, x)), y: Math.min(box.y + box.height, Math.max(box.y, y)) };
}
