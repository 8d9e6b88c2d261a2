"""The usual mistakes of exercise 4.6: putting patches together again."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.patches import unpatchify


def _in_order(*axes):
    """Return an answer that puts the axes (B, rows, columns, C, P, P) in this order, and then joins them."""

    def wrong(patches, patch, height, width):
        B = len(patches)
        cut = patches.reshape(B, height // patch, width // patch, -1, patch, patch)
        return cut.permute(axes).reshape(B, -1, height, width)

    return wrong


def _grid_exchanged(patches, patch, height, width):
    return unpatchify(patches, patch, width, height).reshape(len(patches), -1, height, width)


def _lying_down(patches, patch, height, width):
    return unpatchify(patches, patch, width, height)


def _columns_first(patches, patch, height, width):
    grid = patches.unflatten(1, (width // patch, height // patch)).transpose(1, 2)
    return unpatchify(grid.flatten(1, 2), patch, height, width)


def _turned(patches, patch, height, width):
    return unpatchify(patches, patch, height, width).mT


def _channels_fastest(patches, patch, height, width):
    cut = patches.reshape(len(patches), height // patch, width // patch, patch, patch, -1)
    return cut.permute(0, 5, 1, 3, 2, 4).reshape(len(patches), -1, height, width)


def _channels_behind(patches, patch, height, width):
    return unpatchify(patches, patch, height, width).permute(0, 2, 3, 1)


def _fold_as_it_is(patches, patch, height, width):
    return F.fold(patches, (height, width), patch, stride=patch)


def _fold_reshaped(patches, patch, height, width):
    B, N, numbers = patches.shape
    return F.fold(patches.reshape(B, numbers, N), (height, width), patch, stride=patch)


def _fold_without_stride(patches, patch, height, width):
    return F.fold(patches.transpose(1, 2), (height, width), patch)


UNPATCHIFY = (
    Mistake(
        "bare-reshape",
        _in_order(0, 1, 2, 3, 4, 5),
        "The shape is right, but a row of the image holds whole patches, one behind the other.",
        "A reshape only counts the numbers off in their old order, patch by patch.",
        "Undo `patchify` step by step: name the six axes, put them in the order of an image, and then join.",
    ),
    Mistake(
        "grid-exchanged",
        _grid_exchanged,
        "Square images are right, others are not.",
        "The grid is given as many rows as it should have columns, and as many columns as rows.",
        "How many patches stand above each other? That comes from the height.",
    ),
    Mistake(
        "lying-down",
        _lying_down,
        "The result is (B, C, W, H): a tall image comes out wide, and its patches are in the wrong places.",
        "Height and width have changed places everywhere.",
        "The rows of the grid come from the height, and the height comes before the width.",
    ),
    Mistake(
        "columns-first",
        _columns_first,
        "The patches are whole, but they fill the image column by column.",
        "The N patches were cut into (columns, rows), but they come row by row.",
        "Cut N into (rows, columns): the next patch is the one to the right.",
    ),
    Mistake(
        "turned",
        _turned,
        "The result is (B, C, W, H): the image is transposed.",
        "The rows of the image came out behind its columns.",
        "Put all that belongs to the height before all that belongs to the width.",
    ),
    Mistake(
        "transposed-inside",
        _in_order(0, 3, 1, 5, 2, 4),
        "The patches are in the right places, but each is transposed.",
        "The two sides of a patch have changed places.",
        "To the height belong the grid's rows and the patch's rows, to the width the columns of both.",
    ),
    Mistake(
        "channels-fastest",
        _channels_fastest,
        "The colours of neighbouring pixels are mixed.",
        "The numbers of a patch were cut into (P, P, C), as if the channels of a pixel stood side by side.",
        "Within a patch the channels are the slowest axis.",
    ),
    Mistake(
        "channels-behind",
        _channels_behind,
        "The result is (B, H, W, C): the channels come last.",
        "That is the order of Matplotlib; PyTorch's images have their channels in front of the height.",
        "Move the channels behind the batch.",
    ),
    Mistake(
        "channels-left-behind",
        _in_order(0, 1, 4, 2, 5, 3),
        "The shape is right, but a channel holds numbers of all channels.",
        "The axes were joined while the channels were still last, so the reshape cut the image elsewhere.",
        "Move the channels behind the batch before you join anything.",
    ),
    Mistake(
        "channels-only",
        _in_order(0, 3, 1, 2, 4, 5),
        "The channels are right, but each patch fills the rows of the image from edge to edge.",
        "Only the channels were moved: the grid's columns still stand before the patch's rows.",
        "Bring the grid's rows and the patch's rows together, and so for the columns.",
    ),
    Mistake(
        "same-order-again",
        _in_order(0, 2, 4, 1, 3, 5),
        "The shape is right, but the numbers are in the wrong places.",
        "These are the numbers that `patchify` gives to `permute`, and a permutation seldom undoes itself.",
        "Write down the axes as they are now, and beside them the order of an image that is cut but not moved.",
    ),
    Mistake(
        "dilated",
        _in_order(0, 3, 4, 1, 5, 2),
        "The pixels of a patch are spread over the whole image.",
        "The patch's rows stand before the grid's rows, so neighbours within a patch end up far from each other.",
        "The position within a patch must be the faster axis, for rows and for columns.",
    ),
    Mistake(
        "images-mixed",
        _in_order(3, 0, 1, 4, 2, 5),
        "The shape is right, but an image holds channels of other images.",
        "The channels stood in front of the batch when the axes were joined.",
        "Keep the batch in front.",
    ),
    Mistake(
        "fold-as-it-is",
        _fold_as_it_is,
        "It stops with an error: `fold` can't use a tensor of this shape.",
        "`fold` wants each patch in a column, (B, C·P·P, N); here the patches are rows.",
        "Let the last two axes change places first.",
    ),
    Mistake(
        "fold-reshaped",
        _fold_reshaped,
        "The shape is right, but the numbers of different patches are mixed.",
        "`fold` wants (B, C·P·P, N), and a reshape doesn't turn (B, N, C·P·P) round: it only counts the numbers off.",
        "Let the last two axes change places instead.",
    ),
    Mistake(
        "fold-without-stride",
        _fold_without_stride,
        "It stops with an error: `fold` expects more patches.",
        "Without a stride it takes the patches to begin at every pixel, one overlapping the next.",
        "Give `fold` the stride with which a patch begins where the last one ends.",
    ),
)
