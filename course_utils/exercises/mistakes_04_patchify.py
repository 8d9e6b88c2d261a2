"""The usual mistakes of exercise 4.5: cutting images into patches."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.patches import patchify


def _cut(images, patch):
    B, C, H, W = images.shape
    return images.reshape(B, C, H // patch, patch, W // patch, patch)  # (B, C, rows, P, columns, P)


def _in_order(*axes):
    """Return an answer that puts the axes of `_cut` in this order, and then flattens."""

    def wrong(images, patch):
        B, C, H, W = images.shape
        return _cut(images, patch).permute(axes).reshape(B, H * W // patch**2, C * patch**2)

    return wrong


def _sides_exchanged(images, patch):
    B, C, H, W = images.shape
    cut = images.reshape(B, C, W // patch, patch, H // patch, patch)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(B, H * W // patch**2, C * patch**2)


def _dilated(images, patch):
    B, C, H, W = images.shape
    cut = images.reshape(B, C, patch, H // patch, patch, W // patch)
    return cut.permute(0, 3, 5, 1, 2, 4).reshape(B, H * W // patch**2, C * patch**2)


def _unfold_as_it_is(images, patch):
    return F.unfold(images, patch, stride=patch)


def _unfold_reshaped(images, patch):
    unfolded = F.unfold(images, patch, stride=patch)  # (B, C * P * P, N)
    return unfolded.reshape(len(images), unfolded.shape[2], unfolded.shape[1])


def _overlapping(images, patch):
    return F.unfold(images, patch).transpose(1, 2)


def _one_long_list(images, patch):
    return patchify(images, patch).flatten(end_dim=1)


def _grid_kept(images, patch):
    H, W = images.shape[2:]
    return patchify(images, patch).unflatten(1, (H // patch, W // patch))


def _patches_kept(images, patch):
    return patchify(images, patch).unflatten(2, (images.shape[1], patch, patch))


def _strips(images, patch):
    B, C, H, W = images.shape
    return images.reshape(B, C, H // patch, patch * W).transpose(1, 2).flatten(start_dim=2)


PATCHIFY = (
    Mistake(
        "bare-reshape",
        _in_order(0, 1, 2, 3, 4, 5),
        "The shape is right, but a patch holds pieces of whole rows of the image.",
        "A reshape only counts the numbers off in their old order: along a row of the image, past the patch's edge.",
        "Cut height and width in two each, then bring the axes of one patch together before you flatten.",
    ),
    Mistake(
        "columns-first",
        _in_order(0, 4, 2, 1, 3, 5),
        "The patches are right, but they come column by column.",
        "The axis of the columns stands before that of the rows when the two are joined.",
        "Let the patches run along a row of the image first: the rows are the slower axis.",
    ),
    Mistake(
        "channels-last",
        _in_order(0, 2, 4, 3, 5, 1),
        "Within a patch, the channels of a pixel stand side by side.",
        "The channels are the fastest axis of a patch here, but they should be its slowest.",
        "Within a patch, put the channels first: all of channel 0, then all of channel 1.",
    ),
    Mistake(
        "channels-between",
        _in_order(0, 2, 4, 3, 1, 5),
        "Within a patch, the channels stand between its rows and its columns.",
        "The channels are the second axis of a patch, but they should be its slowest.",
        "Within a patch, put the channels before both of its sides.",
    ),
    Mistake(
        "channels-in-front",
        _in_order(0, 1, 2, 4, 3, 5),
        "The shape is right, but the channels of a patch end up in different tokens.",
        "Rows and columns of the grid stand together, but the channels still stand in front of them.",
        "The channels belong to a patch: bring them behind the two axes of the grid.",
    ),
    Mistake(
        "columns-left-behind",
        _in_order(0, 2, 1, 3, 4, 5),
        "The shape is right, but a token holds pieces of all patches of its row.",
        "The rows of the grid have moved to the front, and its columns have stayed among the axes of the patch.",
        "Bring both axes of the grid to the front.",
    ),
    Mistake(
        "transposed-inside",
        _in_order(0, 2, 4, 1, 5, 3),
        "The patches stand in the right order, but each is transposed.",
        "The two sides of a patch have changed places.",
        "Within a patch, keep its rows before its columns.",
    ),
    Mistake(
        "image-transposed",
        _in_order(0, 4, 2, 1, 5, 3),
        "The patches come column by column, and each is transposed.",
        "Height and width have changed places, in the grid and within the patches.",
        "Keep rows before columns, both in the grid and within a patch.",
    ),
    Mistake(
        "sides-exchanged",
        _sides_exchanged,
        "Square images are cut rightly, others are not.",
        "Height and width have changed places where the image is cut.",
        "The axes are (B, C, H, W): the rows come from the height.",
    ),
    Mistake(
        "dilated",
        _dilated,
        "A patch holds pixels from all over the image, with gaps between them.",
        "Each side was cut into (P, R/P), so neighbours in a patch are R/P pixels from each other.",
        "Exchange the two when you cut: which patch is the slower axis, which pixel within it the faster one.",
    ),
    Mistake(
        "unfold-as-it-is",
        _unfold_as_it_is,
        "The result is (B, C·P·P, N): each patch is a column.",
        "That is what `unfold` returns; tokens come in rows.",
        "Let the last two axes change places.",
    ),
    Mistake(
        "unfold-reshaped",
        _unfold_reshaped,
        "The shape is right, but a token holds one number from each of many patches.",
        "`unfold` returns (B, C·P·P, N), and a reshape doesn't turn it round: it only counts the numbers off.",
        "Let its last two axes change places instead.",
    ),
    Mistake(
        "overlapping",
        _overlapping,
        "There are too many patches.",
        "A new patch begins at every pixel, so the patches overlap.",
        "Give `unfold` the stride with which a patch begins where the last one ends.",
    ),
    Mistake(
        "images-mixed",
        _in_order(2, 4, 0, 1, 3, 5),
        "The shape is right, but an image holds patches of the others.",
        "The batch stood behind the grid when the axes were joined.",
        "Keep the batch in front.",
    ),
    Mistake(
        "one-long-list",
        _one_long_list,
        "The result is (B·N, C·P·P): the patches of all images are in one list.",
        "The batch was joined with the grid, so no later line can tell the images apart.",
        "Keep three axes: batch, patches, numbers.",
    ),
    Mistake(
        "grid-kept",
        _grid_kept,
        "The result still has rows and columns of patches.",
        "The patches are right, but the two axes of the grid are not joined yet.",
        "Join them into one axis of N patches.",
    ),
    Mistake(
        "patches-kept",
        _patches_kept,
        "The result is (B, N, C, P, P): each patch is still a small image.",
        "The patches are right, but they are not flattened yet.",
        "Join the last three axes.",
    ),
    Mistake(
        "strips",
        _strips,
        "The image is cut into strips as wide as the image.",
        "Only the height is cut, and the width is left whole.",
        "Cut the width too.",
    ),
)
