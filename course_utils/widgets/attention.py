"""Hover over a photograph, and see where each head looks from there."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import avg_pool2d

from course_utils import plots
from course_utils.widgets.kit import Explorer, script, webp
from course_utils.widgets.looks import Looks, Maps, Tokens, looks

__all__ = ["AttentionExplorer", "Tokens"]


class AttentionExplorer(Explorer):
    """An image with its token grid, and the attention of a model's layers and heads over it.

    The reader moves the query by mouse, touch or arrow keys, and sees where each head looks, their mean, the rollout
    (where queries are keys and there are several layers), and the other way round: who looks at a token. Rows and
    columns count from 0 as in the tensors, layers and heads from 1.

    Args:
        image: (3, H, W), RGB in 0..1.
        maps: for each layer (heads, queries, keys), or a dict with one such tensor, as `models.maps.one_image` gives
            them. To put two models side by side, a dict of these by the models' names.
        queries: the grid (rows, columns) of patches, or `Tokens` where there are others; a dict by the models' names
            where they differ.
        keys: the same for the keys; none where the queries are the keys.
        start: the token that is shown first: a patch (row, column), or the name of an extra token.

    Raises:
        ValueError: maps, tokens and image don't fit together, or they are too large; the message says what to do.
    """

    _esm = script("words.js", "panel.js", "attention.js")

    def __init__(
        self,
        image: Tensor,
        maps: Maps | Mapping[str, Maps],
        queries: tuple[int, int] | Tokens | Mapping[str, Tokens],
        keys: Tokens | Mapping[str, Tokens] | None = None,
        *,
        start: tuple[int, int] | str | None = None,
    ):
        named = maps if isinstance(maps, Mapping) else {"": maps}
        models = []
        for name, layers in named.items():
            asking = _tokens(queries, name)
            models.append(looks(layers, asking, asking if keys is None else _tokens(keys, name), name))
        _check_grids(models)
        start = _middle(models[0].queries) if start is None else start
        photo = image if len(models) == 1 else avg_pool2d(image, 2)  # two still pictures take no more than one
        pictures = [_still(photo, model, model.queries.index(start)) for model in models]
        grid = models[0].queries.grid
        facts = {
            "size": list(image.shape[1:]),
            "start": start if isinstance(start, str) else start[0] * grid[1] + start[1],
            "models": [model.facts() for model in models],
        }
        super().__init__(facts, {f"maps {place}": m.codes for place, m in enumerate(models)}, pictures, webp(image))


def _tokens(given: tuple[int, int] | Tokens | Mapping[str, Tokens], name: str) -> Tokens:
    """Return the tokens of the model called `name`."""
    if isinstance(given, Mapping):
        if name not in given:
            raise ValueError(
                f"there are tokens for {', '.join(given)}, but none for {name!r}: give both dicts the same names"
            )
        given = given[name]
    return given if isinstance(given, Tokens) else Tokens(tuple(given))


def _check_grids(models: list[Looks]) -> None:
    """Raise ValueError unless all models have the same grids, and two are the most."""
    if not 1 <= len(models) <= 2:
        raise ValueError(f"{len(models)} models don't fit side by side: pass one or two")
    for side in ("queries", "keys"):
        grids = {getattr(model, side).grid for model in models}
        if len(grids) > 1:
            raise ValueError(f"the {side} have the grids {sorted(map(str, grids))}: models side by side share one grid")


def _middle(queries: Tokens) -> tuple[int, int] | str:
    """Return the token to begin with: the patch in the middle, or the first token if there are no patches."""
    return (queries.grid[0] // 2, queries.grid[1] // 2) if queries.grid else queries.extra[0]


def _still(image: Tensor, model: Looks, query: int) -> tuple[Figure, str]:
    """Draw where `query` looks, for readers without a browser, and say it."""
    sentence = model.sentence(query)
    if model.keys.grid is None:
        return plots.heatmap(model.first, cmap=plots.ATTENTION, label="attention", title=model.name), sentence
    weights = model.first[query, len(model.keys.extra) :]
    outlined = query - len(model.queries.extra)
    shown = outlined if model.is_self and outlined >= 0 else None
    return plots.attention_over_image(image, weights, model.keys.grid, shown), sentence
