"""Where a DETR looks: does its decoder look at the borders of items, as Carion et al. 2020 (section 4.3) show?

Notation: `L` layers, `B` scenes, `h` heads, `Q` queries, `N` cells, `P` found items. A cell's weight is spread evenly
over the 8 x 8 pixels around the middle of what it sees. A 3 x 3 convolution with stride 2 and a padding of 1 has its
output i around pixel 2 i; so cell i, after three of them, is around pixel 8 i, not 8 i + 4.
"""

from typing import NamedTuple

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.boxes import cxcywh_to_xyxy
from course_utils.detr_views import FoundItems, filled_boxes, item_masks
from course_utils.models.maps import attention_maps
from course_utils.models.non_local import as_tokens
from course_utils.scenes import SIDE, Scenes
from course_utils.threads import one_thread

REGIONS = ("border", "interior", "outside")
SHIFT = 4  # pixels that a cell's middle lies further left and up than in a grid over the picture
REACH = 2  # pixels to both sides of an outline that count as its border


def maps_named(name: str, model: nn.Module, images: Tensor) -> Tensor:
    """Return one kind of a DETR's attention in all layers that have it.

    Args:
        name: "encoder_self", "decoder_self" or "cross".
        model: DETR, or a small one.
        images: (B, C, H', W').

    Returns:
        (L, B, h, queries, keys).
    """
    return torch.stack([layer[name] for layer in attention_maps(model, images) if name in layer])


@one_thread()
@torch.no_grad()
def item_looks(model: nn.Module, images: Tensor, items: FoundItems, batch: int = 50) -> Tensor:
    """Return where the queries that found an item look, (L, P, h, N), with `batch` images at a time."""
    looks = []
    for start in range(0, len(images), batch):
        here = (items.scenes >= start) & (items.scenes < start + batch)
        maps = maps_named("cross", model, images[start : start + batch])
        looks.append(maps[:, items.scenes[here] - start, :, items.queries[here]].transpose(0, 1))
    return torch.cat(looks, dim=1)


def regions_of(masks: Tensor, reach: int = REACH) -> Tensor:
    """Cut scenes into an item's border, its interior, and what is outside.

    Args:
        masks: (P, H, W) of bool, without holes.
        reach: pixels to both sides of the outline that are border.

    Returns:
        (P, 3, H, W) of 0 and 1, in the order of `REGIONS`; 1 once in every pixel.
    """
    inside = masks[:, None].float()
    window = 2 * reach + 1
    grown = F.max_pool2d(inside, window, stride=1, padding=reach)
    shrunk = 1 - F.max_pool2d(F.pad(1 - inside, (reach,) * 4, value=1.0), window, stride=1)
    return torch.cat([grown - shrunk, shrunk, 1 - grown], dim=1)


def without_holes(masks: Tensor) -> Tensor:
    """Fill what masks (P, H, W) of bool surround, such as the gaps between a sandal's straps."""
    filled = [ndimage.binary_fill_holes(mask) for mask in masks.numpy()]
    return torch.from_numpy(np.stack(filled)) if filled else masks


def true_boxes(drawn: Scenes, items: FoundItems) -> Tensor:
    """Return the boxes of the items, (P, 4), cxcywh in 0..1."""
    pairs = zip(items.scenes.tolist(), items.items.tolist(), strict=True)
    return torch.stack([torch.zeros(4), *(drawn.boxes[scene][item] for scene, item in pairs)])[1:]


def in_cells(pixels: Tensor, cells: int) -> Tensor:
    """Return the mean of pixels (P, C, H, W) in each of N cells, (P, N, C), each around the middle of what it sees."""
    seen = F.pad(pixels[..., :-SHIFT, :-SHIFT], (SHIFT, 0) * 2, mode="replicate")
    return as_tokens(F.adaptive_avg_pool2d(seen, cells))


class BorderLooks(NamedTuple):
    """How much attention lies in each of `REGIONS`.

    Attributes:
        layers: (L, h, 3), the mean over all items.
        image: (3,), if every cell got the same: the regions' areas.
        box: (3,), if the cells of the item's box got the same, and no other cell anything.
    """

    layers: Tensor
    image: Tensor
    box: Tensor


def border_looks(model: nn.Module, drawn: Scenes, items: FoundItems) -> BorderLooks:
    """Measure how much of its attention a query gives to the border of the item it found.

    Args:
        model: a small DETR.
        drawn: scenes.
        items: found in them, by this model or by another.
    """
    looks = item_looks(model, drawn.images, items)  # (L, P, h, N)
    cells = round(looks.shape[-1] ** 0.5)
    regions = in_cells(regions_of(without_holes(item_masks(drawn, items))), cells)  # (P, N, 3)
    inside = filled_boxes(cxcywh_to_xyxy(true_boxes(drawn, items)))  # (P, 64, 64)
    boxed = in_cells(inside[:, None].float(), cells)  # (P, N, 1)
    even = boxed / boxed.sum(dim=1, keepdim=True)
    return BorderLooks(
        (looks @ regions).mean(dim=1),
        regions.mean(dim=(0, 1)),
        (even.mT @ regions).mean(dim=(0, 1)),
    )


@one_thread()
@torch.no_grad()
def own_looks(model: nn.Module, drawn: Scenes, items: FoundItems, batch: int = 50) -> tuple[Tensor, Tensor]:
    """Measure how much of its attention in the encoder a cell on an item gives to the cells of its item.

    Args:
        model: a small DETR.
        drawn: scenes.
        items: in them. A cell is on an item that covers more than half of it; items on no cell don't count.
        batch: how many scenes are looked at together.

    Returns:
        (L, h), the mean over all items, and (), what it would be if every cell got the same.
    """
    cells = maps_named("encoder_self", model, drawn.images[:1]).shape[-1]
    on = (in_cells(item_masks(drawn, items)[:, None].float(), round(cells**0.5))[..., 0] > 0.5).float()  # (P, N)
    on, scenes = on[on.any(dim=1)], items.scenes[on.any(dim=1)]
    even, shares = on / on.sum(dim=1, keepdim=True), []
    for start in range(0, len(drawn.images), batch):
        here = (scenes >= start) & (scenes < start + batch)
        if not here.any():
            continue
        maps = maps_named("encoder_self", model, drawn.images[start : start + batch])[:, scenes[here] - start]
        given = (maps @ on[here, None, :, None])[..., 0]  # (L, P, h, N), of every cell to the item
        shares.append((given * even[here, None]).sum(dim=-1))
    return torch.cat(shares, dim=1).mean(dim=1), on.mean()


def in_box_frame(weights: Tensor, boxes: Tensor, reach: float = 1.5, side: int = 24) -> Tensor:
    """Lay the maps of many queries over each other, so that their boxes coincide, and take the mean.

    Args:
        weights: (P, h, N), each row summing to 1.
        boxes: (P, 4), cxcywh in 0..1.
        reach: how far from the middle the result goes, in halves of the box's sides.
        side: S, in points.

    Returns:
        (h, S, S): 1 where a cell gets as much as if all got the same. What lies beyond the picture doesn't count.
    """
    cells = round(weights.shape[-1] ** 0.5)
    density = weights.shape[-1] * weights.unflatten(-1, (cells, cells))
    along = reach * ((2 * torch.arange(side) + 1) / side - 1)
    y, x = torch.meshgrid(along, along, indexing="ij")
    centre, half = boxes[:, None, None, :2], boxes[:, None, None, 2:] / 2
    places = 2 * (centre + half * torch.stack([x, y], dim=-1)) - 1  # (P, S, S, 2), -1..1 is the picture
    within = (places.abs() < 1).all(dim=-1)[:, None]  # (P, 1, S, S)
    places = places + 2 * SHIFT / SIDE
    sampled = F.grid_sample(density, places, padding_mode="border", align_corners=False)
    return (sampled * within).sum(dim=0) / within.sum(dim=0).clamp(min=1)
