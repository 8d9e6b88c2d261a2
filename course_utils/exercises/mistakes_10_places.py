"""The usual mistakes of exercise 10.7: where DETR's encoder layer adds positions, and where its cells may look."""

from course_utils.exercises.registry import Mistake
from course_utils.models.detr import EncoderLayer


def layer(**methods):
    """Return a layer with the reference's parts that computes something else."""
    return type("EncoderLayer", (EncoderLayer,), {"__init__": EncoderLayer.__init__, **methods})


def _attending(choose):
    """Return a layer whose queries, keys and values are `choose(cells, cells + positions)`."""

    def forward(self, cells, positions, mask=None):
        cells = self.norm1(cells + self.encoder_self(*choose(cells, cells + positions), mask))
        return self.norm2(cells + self.mlp(cells))

    return layer(forward=forward)


def ending(end):
    """Return a layer whose forward ends with `end(self, cells, mixed, positions)`; attention is right."""

    def forward(self, cells, positions, mask=None):
        placed = cells + positions
        return end(self, cells, self.encoder_self(placed, placed, cells, mask), positions)

    return layer(forward=forward)


def _with_mask(change):
    """Return a layer in which attention gets `change(mask)`."""

    def forward(self, cells, positions, mask=None):
        return EncoderLayer.forward(self, cells, positions, None if mask is None else change(mask))

    return layer(forward=forward)


def _once(self, cells, positions, mask=None):
    return EncoderLayer.forward(self, cells + positions, 0 * positions, mask)


def _placed_sum(self, cells, mixed, positions):
    cells = self.norm1(cells + positions + mixed)
    return self.norm2(cells + self.mlp(cells))


def _placed_mlp(self, cells, mixed, positions):
    cells = self.norm1(cells + mixed)
    return self.norm2(cells + self.mlp(cells + positions))


def _placed_result(self, cells, positions, mask=None):
    return EncoderLayer.forward(self, cells, positions, mask) + positions


PLACES = (
    Mistake(
        "positions-in-values",
        _attending(lambda cells, placed: (placed, placed, placed)),
        "Positions are added to the values too.",
        "Then what a cell takes from others is mixed with where they are, in every layer anew.",
        "Queries and keys ask who looks where; the values are made of the cells alone.",
    ),
    Mistake(
        "positions-in-values-only",
        _attending(lambda cells, placed: (cells, cells, placed)),
        "Positions are added to the values, and not to queries and keys.",
        "It is the other way round: places decide who looks where, and aren't passed on.",
        "Make queries and keys of `cells + positions`, the values of `cells`.",
    ),
    Mistake(
        "no-positions",
        _attending(lambda cells, _: (cells, cells, cells)),
        "The positions aren't used.",
        "Then attention couldn't tell a cell from another that looks the same.",
        "Make queries and keys of `cells + positions`.",
    ),
    Mistake(
        "positions-in-queries-only",
        _attending(lambda cells, placed: (placed, cells, cells)),
        "Positions are added to the queries only.",
        "A cell would say where it is, and couldn't ask where the others are.",
        "Add them to what the keys are made of as well.",
    ),
    Mistake(
        "positions-in-keys-only",
        _attending(lambda cells, placed: (cells, placed, cells)),
        "Positions are added to the keys only.",
        "A cell would see where the others are, and not say where it is itself.",
        "Add them to what the queries are made of as well.",
    ),
    Mistake(
        "positions-alone",
        _attending(lambda cells, placed: (placed - cells, placed - cells, cells)),
        "Queries and keys are made of the positions alone.",
        "Then every image would be looked at in the same way, whatever it shows.",
        "Make them of `cells + positions`.",
    ),
    Mistake(
        "keys-and-values-swapped",
        _attending(lambda cells, placed: (placed, cells, placed)),
        "Keys and values have changed places: the values have positions, the keys none.",
        "`CrossAttention` is called with query, key, value, in this order.",
        "Give `cells` as the third.",
    ),
    Mistake(
        "once",
        layer(forward=_once),
        "Positions are added to the cells themselves.",
        "A ViT does that, once, before its first block. Here every layer would add them, and they would pile up.",
        "Keep `cells` as they are, and give the sum another name.",
    ),
    Mistake(
        "positions-in-the-sum",
        ending(_placed_sum),
        "The first sum contains the positions.",
        "What attention returns is added to `cells + positions`, so places travel on in the cells.",
        "Add it to the cells alone.",
    ),
    Mistake(
        "positions-in-the-mlp",
        ending(_placed_mlp),
        "The MLP gets the positions as well.",
        "It works on each cell for itself, and needs no places.",
        "Give it the cells alone.",
    ),
    Mistake(
        "positions-in-the-result",
        layer(forward=_placed_result),
        "The positions are added to the result.",
        "The next layer adds them itself, and the decoder too.",
        "Return the second norm's result as it is.",
    ),
    Mistake(
        "mask-ignored",
        _with_mask(lambda _: None),
        "The cells look at padding too.",
        "The mask isn't used.",
        "Give it to attention as the fourth argument.",
    ),
    Mistake(
        "mask-inverted",
        _with_mask(lambda mask: ~mask),
        "The cells look at nothing but padding.",
        "The mask is True where they may look, not where they may not.",
        "Give it to attention as it is.",
    ),
)
