"""The usual mistakes of exercise 10.7: the sums, norms and parts of DETR's encoder layer."""

from torch import nn

from course_utils.exercises.mistakes_10_places import ending, layer
from course_utils.exercises.registry import Mistake
from course_utils.models.detr import EncoderLayer
from course_utils.models.small_detr import PreNormEncoderLayer


def _gelu(self, width, heads, hidden):
    EncoderLayer.__init__(self, width, heads, hidden)
    self.mlp[1] = nn.GELU()


def _no_activation(self, width, heads, hidden):
    EncoderLayer.__init__(self, width, heads, hidden)
    self.mlp[1] = nn.Identity()


def _shared_norm(self, width, heads, hidden):
    EncoderLayer.__init__(self, width, heads, hidden)
    self.norm2 = self.norm1


def _block(first, second):
    """Return the end of a layer with these of its norms, if any, behind its sums."""

    def norm(self, name, cells):
        return getattr(self, name)(cells) if name else cells

    def end(self, cells, mixed, _):
        cells = norm(self, first, cells + mixed)
        return norm(self, second, cells + self.mlp(cells))

    return ending(end)


def _no_first_sum(self, cells, mixed, _):
    cells = self.norm1(mixed)
    return self.norm2(cells + self.mlp(cells))


def _no_second_sum(self, cells, mixed, _):
    return self.norm2(self.mlp(self.norm1(cells + mixed)))


def _no_sums(self, cells, mixed, _):
    return self.norm2(self.mlp(self.norm1(mixed)))


def _norm_of_the_branch(self, cells, mixed, _):
    cells = cells + self.norm1(mixed)
    return cells + self.norm2(self.mlp(cells))


def _first_cells_again(self, cells, mixed, _):
    return self.norm2(cells + self.mlp(self.norm1(cells + mixed)))


def _second_sum_before_norm(self, cells, mixed, _):
    cells = cells + mixed
    return self.norm2(cells + self.mlp(self.norm1(cells)))


def _pre_norm_of_the_sum(self, cells, positions, mask=None):
    placed = self.norm1(cells + positions)
    cells = cells + self.encoder_self(placed, placed, self.norm1(cells), mask)
    return cells + self.mlp(self.norm2(cells))


def _mlp_first(self, cells, positions, mask=None):
    cells = self.norm2(cells + self.mlp(cells))
    placed = cells + positions
    return self.norm1(cells + self.encoder_self(placed, placed, cells, mask))


SUMS = (
    Mistake(
        "pre-norm",
        layer(forward=PreNormEncoderLayer.forward),
        "The norms stand in front of attention and MLP.",
        "So it is in a ViT; DETR has them as the Transformer of 2017, behind the sums.",
        "First the sum, then its norm.",
    ),
    Mistake(
        "pre-norm-of-the-sum",
        layer(forward=_pre_norm_of_the_sum),
        "The norms stand in front of attention and MLP, and positions go through the first.",
        "In a ViT they stand there; DETR has them as the Transformer of 2017, behind the sums.",
        "First attention and the sum, then its norm.",
    ),
    Mistake(
        "mlp-first",
        layer(forward=_mlp_first),
        "The MLP comes before attention.",
        "The two steps have changed places.",
        "First attention, its sum and `norm1`; then the MLP, its sum and `norm2`.",
    ),
    Mistake(
        "norm-of-the-branch",
        ending(_norm_of_the_branch),
        "What attention and MLP return is normalised, then added.",
        "Here the sum is what is normalised.",
        "Add first, then norm.",
    ),
    Mistake(
        "no-first-sum",
        ending(_no_first_sum),
        "What attention returns replaces the cells.",
        "The first sum is missing.",
        "Add the cells, and norm the sum.",
    ),
    Mistake(
        "no-second-sum",
        ending(_no_second_sum),
        "What the MLP returns replaces the cells.",
        "The second sum is missing.",
        "Add the cells that the MLP has read, and norm the sum.",
    ),
    Mistake(
        "no-sums",
        ending(_no_sums),
        "Neither attention nor the MLP is a residual.",
        "Both sums are missing.",
        "Add the cells to what each returns, and norm the sum.",
    ),
    Mistake(
        "first-cells-again",
        ending(_first_cells_again),
        "The second sum adds the layer's own input, and what attention has found is lost from it.",
        "Each residual starts where the one before has ended.",
        "Give the normalised first sum the name `cells`, and add to that.",
    ),
    Mistake(
        "second-sum-before-norm",
        ending(_second_sum_before_norm),
        "The second sum adds the cells from before `norm1`.",
        "Behind the first norm, everything goes on with its result: the MLP, and the sum.",
        "Give the normalised first sum the name `cells`.",
    ),
    Mistake(
        "norms-swapped",
        _block("norm2", "norm1"),
        "`norm1` and `norm2` have changed places.",
        "The names say which comes first, and weights are copied by name.",
        "Use `norm1` behind the first sum.",
    ),
    Mistake(
        "norm1-twice",
        _block("norm1", "norm1"),
        "`norm1` is used twice, and `norm2` never.",
        "Each norm learns its own scales and shifts.",
        "Use `norm2` behind the second sum.",
    ),
    Mistake(
        "no-norms",
        _block("", ""),
        "Neither sum is normalised.",
        "They grow from layer to layer, and nothing brings them back to one size.",
        "Use `norm1` behind the first sum, `norm2` behind the second.",
    ),
    Mistake(
        "no-first-norm",
        _block("", "norm2"),
        "The first sum isn't normalised.",
        "`norm1` isn't used.",
        "Norm the sum of cells and attention, before the MLP reads it.",
    ),
    Mistake(
        "no-second-norm",
        _block("norm1", ""),
        "The second sum isn't normalised.",
        "`norm2` isn't used.",
        "Norm the sum of cells and MLP, and return that.",
    ),
    Mistake(
        "shared-norm",
        layer(__init__=_shared_norm),
        "`norm2` is the same module as `norm1`.",
        "Then there is one scale and one shift for both.",
        "Make a second `nn.LayerNorm`.",
    ),
    Mistake(
        "gelu",
        layer(__init__=_gelu),
        "There is a GELU in the MLP.",
        "A ViT has one; DETR has a ReLU, as the Transformer of 2017.",
        "Make it with `feed_forward(width, hidden, width)`.",
    ),
    Mistake(
        "no-activation",
        layer(__init__=_no_activation),
        "There is nothing between the MLP's two layers.",
        "Two linear layers, one behind the other, are one linear layer.",
        "Make it with `feed_forward(width, hidden, width)`, which puts a ReLU there.",
    ),
)
