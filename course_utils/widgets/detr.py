"""A DETR's attention in an `AttentionExplorer`: between cells, from queries to cells, between queries."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from course_utils.average_precision import Detections
from course_utils.detr_attention import SHIFT, maps_named
from course_utils.detr_runs import SURE, detect
from course_utils.scene_figures import class_colour
from course_utils.scenes import SIDE
from course_utils.widgets.attention import AttentionExplorer
from course_utils.widgets.looks import Tokens

LARGER = 4  # times as large as the scene: so boxes and their numbers can be drawn on it


def encoder_explorer(model: nn.Module, image: Tensor, start: tuple[int, int] | None = None) -> AttentionExplorer:
    """Show where each cell of a scene looks in the encoder: Carion et al. 2020, figure 3.

    Args:
        model: a small DETR.
        image: (1, H, W) in 0..1.
        start: row and column of the cell that is shown first; one in the middle if none.
    """
    maps = _maps("encoder_self", model, image)
    return AttentionExplorer(placed(larger(image)), list(maps), _grid(maps), start=start)


def cross_explorer(
    model: nn.Module, image: Tensor, classes: Sequence[str], start: int | None = None
) -> AttentionExplorer:
    """Show where each query of a small DETR looks, with its box in the picture: Carion et al. 2020, figure 6.

    Args:
        model: a small DETR.
        image: (1, H, W) in 0..1.
        classes: the names.
        start: the query that is shown first; the surest one if none.
    """
    maps, found = _maps("cross", model, image), detect(model, image[None])[0]
    names = query_names(found, classes)
    first = int(found.scores.argmax()) if start is None else start
    picture = placed(with_boxes(image, found))
    return AttentionExplorer(picture, list(maps), Tokens(None, names), _grid(maps), start=names[first])


def query_names(found: Detections, classes: Sequence[str]) -> tuple[str, ...]:
    """Call each query by its number, and by the class that it found with a score above 0.5, if it found one."""
    scores = zip(found.labels.tolist(), found.scores.tolist(), strict=True)
    said = [classes[label] if score > SURE else "nothing" for label, score in scores]
    return tuple(f"{name} at query {number}" for number, name in enumerate(said))


def placed(image: Tensor) -> Tensor:
    """Return a picture (C, H, W) as (3, H, W) under whose grid each cell is where it looks: see `detr_attention`."""
    pixels = round(SHIFT * image.shape[-1] / SIDE)
    moved = torch.zeros(3, *image.shape[1:])
    moved[:, pixels:, pixels:] = image[:, : image.shape[1] - pixels, : image.shape[2] - pixels]
    return moved


def larger(image: Tensor) -> Tensor:
    """Return a scene (1, H, W) four times as large: (1, 4 H, 4 W)."""
    return image.repeat_interleave(LARGER, 1).repeat_interleave(LARGER, 2)


def with_boxes(image: Tensor, found: Detections) -> Tensor:
    """Return a scene (1, H, W), larger and in colours, with the boxes whose score is above 0.5: (3, 4 H, 4 W)."""
    pixels = (255 * larger(image)[0]).round().byte().numpy()
    picture = Image.fromarray(pixels).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for number in (found.scores > SURE).nonzero()[:, 0].tolist():
        colour = class_colour(int(found.labels[number]))
        corners = (found.boxes[number] * len(pixels)).clamp(0, len(pixels) - 1).tolist()
        draw.rectangle(corners, outline=colour, width=3)
        ground = draw.textbbox((corners[0] + 5, corners[1] + 3), str(number), font_size=17)
        draw.rectangle((ground[0] - 3, ground[1] - 3, ground[2] + 3, ground[3] + 3), fill=colour)
        draw.text((corners[0] + 5, corners[1] + 3), str(number), fill="white", font_size=17)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255


def _maps(name: str, model: nn.Module, image: Tensor) -> Tensor:
    """Return one kind of attention of a model, in eval mode, to one image: (L, h, queries, keys)."""
    return maps_named(name, model.eval(), image[None])[:, 0]


def _grid(maps: Tensor) -> Tokens:
    """Return the square grid that the keys of maps (L, h, queries, N) are."""
    side = round(maps.shape[-1] ** 0.5)
    return Tokens((side, side))
