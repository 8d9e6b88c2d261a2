// The sentences of an AttentionExplorer. `looks.py` says the first of them in the same words.
import { percent, tenths, topTwo } from "./arrays.js";

/** Return the place of a token (a patch's number, or an extra token's name) on an axis, -1 if it has none such. */
export function placeOf(axis, token) {
  if (typeof token === "string") return axis.extra.indexOf(token);
  return axis.grid ? axis.extra.length + token : -1;
}

/** Return what a sentence calls the token at `place` of an axis. */
export function tokenName(axis, place) {
  const extra = axis.extra[place];
  if (place < axis.extra.length) return /\d$/.test(extra) ? extra : `the ${extra}`;
  return `the patch at ${patchName(axis, place - axis.extra.length)}`;
}

/** Return row and column of a patch. */
export function patchName(axis, patch) {
  return `row ${Math.floor(patch / axis.grid[1])}, column ${patch % axis.grid[1]}`;
}

/** Say where a picture comes from: layer, head, rollout; nothing where there is only one. */
export function originOf(model, picture, layer) {
  const heads = model.pictures.filter((name) => name.startsWith("head")).length;
  if (model.pictures[picture] === "rollout") return `rollout up to layer ${layer + 1}`;
  const parts = model.fine.length > 1 ? [`layer ${layer + 1}`] : [];
  if (heads > 1) parts.push(picture === 0 ? `mean of ${heads} heads` : model.pictures[picture]);
  return parts.join(", ");
}

/** Say where a token looks, or (`isBack`) who looks at it; `codes` are its row or column, `place` its own place. */
export function describe(model, origin, { codes, fine, place, isBack }) {
  const [asked, shown] = isBack ? [model.keys, model.queries] : [model.queries, model.keys];
  const [best, second] = topTwo(codes, model.self ? place : -1);
  const share = (index) => percent(tenths(codes[index], fine));
  const token = tokenName(asked, place);
  const said = (isBack ? lookedAt : looksAt)(token, {
    isSelf: model.self,
    isBest: model.self && best === place,
    own: model.self ? share(place) : "",
    most: share(best),
    best: tokenName(shown, best),
    next: second < 0 ? null : { share: share(second), name: tokenName(shown, second) },
  });
  const start = [model.name, origin].filter(Boolean).join(", ");
  const text = start ? `${start}: ${said}` : said;
  return text[0].toUpperCase() + text.slice(1);
}

function looksAt(token, { isSelf, isBest, own, most, best, next }) {
  if (!isSelf) return `${token} gives the most of its attention (${most}) to ${best}.`;
  if (!isBest) return `${token} gives ${own} of its attention to itself and the most (${most}) to ${best}.`;
  const rest = next ? `, then ${next.share} to ${next.name}` : "";
  return `${token} gives the most of its attention (${most}) to itself${rest}.`;
}

function lookedAt(token, { isSelf, isBest, own, most, best, next }) {
  if (!isSelf) return `${token} gets most from ${best}, which gives it ${most} of its attention.`;
  if (!isBest) return `${token} gets most from ${best}, which gives it ${most} of its attention; it gives itself ${own}.`;
  const rest = next ? `, then from ${next.name}, which gives it ${next.share}` : "";
  return `${token} gets most from itself (${most} of its own attention)${rest}.`;
}
