"""Small scenes for a detector: one to five Fashion-MNIST items, 16 to 28 pixels large, on 64 x 64 with clutter.

Made on the fly from a generator: training scenes from the training items, test scenes from the test items. Notation:
`B` scenes, `K` items in a scene at the most, `T` items in one. Positions are in pixels and x comes before y, as in
boxes; only what a detector is taught is in shares of the side.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.boxes import box_area, intersection_and_union, xyxy_to_cxcywh
from course_utils.image_sets import ImageSet

SIDE = 64  # of a scene
ITEM = 28  # side of an item's picture, and of the largest item in a scene
SMALLEST = 16  # item in a scene
MOST_ITEMS = 5
MOST_OVERLAP = 0.15  # of the smaller of two boxes; less is allowed
TRIES = 50  # to find an item a place; it is left out if none fits
FAINT = 0.1  # pixels of an item up to this brightness (0..1) show the background
FRAGMENTS, FRAGMENT = 6, 8  # pieces of clutter, and their side
BRIGHTEST = 0.3  # background
NOISE = 0.05  # its standard deviation
TEST_SCENES, TEST_SEED = 500, 10

MERGED = {
    **{"T-shirt/top": "top", "Pullover": "top", "Coat": "top", "Shirt": "top"},
    **{"Trouser": "trouser", "Dress": "dress"},
    **{"Sandal": "shoe", "Sneaker": "shoe", "Ankle boot": "shoe"},
    **{"Bag": "bag"},
}
FIVE = ("top", "trouser", "dress", "shoe", "bag")


@dataclass(frozen=True, eq=False)
class Scenes:
    """Scenes, and what is in them.

    Attributes:
        images: (B, 1, 64, 64) in 0..1, or of another side.
        labels: of each scene (T,) of int64.
        boxes: of each scene (T, 4), cxcywh in 0..1, exactly around the item's mask.
        pictures: of each scene (T, 28, 28), the items as they were pasted.
        corners: of each scene (T, 2) of int64, x and y of the pictures' upper left.
        classes: the names.
    """

    images: Tensor
    labels: list[Tensor]
    boxes: list[Tensor]
    pictures: list[Tensor]
    corners: list[Tensor]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def masks(self, scene: int) -> Tensor:
        """Return which pixels the items of a scene have, (T, 64, 64) of bool, or of the scene's side.

        Where two items share a pixel, both masks have it, and the brighter one shows.
        """
        pictures, corners = self.pictures[scene], self.corners[scene]
        return paste(pictures[:, None], corners[:, None], self.images.shape[-1]) > 0


def five_classes(items: ImageSet) -> ImageSet:
    """Give Fashion-MNIST's items the labels of `FIVE`, as `MERGED` says."""
    five = torch.tensor([FIVE.index(MERGED[name]) for name in items.classes])
    return ImageSet(items.images, five[items.labels], FIVE)


def held_out_scenes(items: ImageSet) -> Scenes:
    """Return the 500 scenes on which every detector of the course is tested.

    Args:
        items: all test images of Fashion-MNIST, with their ten labels or with five.
    """
    return make_scenes(items, TEST_SCENES, torch.Generator().manual_seed(TEST_SEED))


def make_scenes(
    items: ImageSet, count: int, generator: torch.Generator, side: int = SIDE, most: int = MOST_ITEMS
) -> Scenes:
    """Draw scenes: how many items, which ones, how large and where, all as likely.

    Args:
        items: to draw from, (N, 28, 28) of uint8.
        count: B.
        generator: draws everything; seeded again, it makes the same scenes again.
        side: of a scene in pixels.
        most: K, items in a scene.

    Raises:
        ValueError: a scene is too small for the largest item, or can hold none.
    """
    if side < ITEM or most < 1:
        raise ValueError(f"side {side} with up to {most} items: use a side of {ITEM} or more, and 1 item or more")
    shape = (count, most)
    number = torch.randint(1, most + 1, (count, 1), generator=generator)
    chosen = torch.randint(len(items), shape, generator=generator)
    sizes = torch.randint(SMALLEST, ITEM + 1, shape, generator=generator)
    pictures = shrink(items.images[chosen], sizes)  # (B, K, 28, 28)
    tight = tight_boxes(pictures > 0)  # (B, K, 4), within the pictures
    wanted = torch.arange(most) < number  # (B, K)
    boxes, there = find_places(tight[..., 2:] - tight[..., :2], wanted, generator, side)
    corners = boxes[..., :2] - tight[..., :2]
    front = paste(pictures * there[:, :, None, None], corners, side)
    images = torch.where(front > 0, front, background(items, count, generator, side))
    noise = NOISE * torch.randn(images.shape, generator=generator)
    shares = xyxy_to_cxcywh(boxes / side)
    each = (items.labels[chosen], shares, pictures, corners)
    lists = ([values[b, there[b]] for b in range(count)] for values in each)
    return Scenes((images + noise).clamp(0, 1)[:, None], *lists, items.classes)


def shrink(pictures: Tensor, sizes: Tensor) -> Tensor:
    """Make pictures smaller, each in the upper left of a black one, no faint pixels.

    Args:
        pictures: (B, K, 28, 28) of uint8.
        sizes: (B, K), the new sides in pixels, 28 at the most.

    Returns:
        (B, K, 28, 28) in 0..1.
    """
    places = (2 * torch.arange(ITEM) + 1) / sizes.reshape(-1, 1) - 1  # -1..1: inside
    x = places[:, None, :].expand(-1, ITEM, -1)  # (B * K, 28, 28), as y
    grid = torch.stack([x, x.mT], dim=-1)
    bright = pictures.reshape(-1, 1, ITEM, ITEM).float() / 255
    small = F.grid_sample(bright, grid, align_corners=False).view(pictures.shape)
    return small * (small > FAINT)


def tight_boxes(masks: Tensor) -> Tensor:
    """Return the smallest box around each mask.

    Args:
        masks: (..., H, W) of bool, each True somewhere.

    Returns:
        (..., 4) of int64: left, top, right, bottom, the last two exclusive.
    """
    columns, rows = masks.any(dim=-2).int(), masks.any(dim=-1).int()
    left, top = columns.argmax(dim=-1), rows.argmax(dim=-1)  # the first True
    right = masks.shape[-1] - columns.flip(-1).argmax(dim=-1)
    bottom = masks.shape[-2] - rows.flip(-1).argmax(dim=-1)
    return torch.stack([left, top, right, bottom], dim=-1)


def find_places(
    sizes: Tensor,
    wanted: Tensor,
    generator: torch.Generator,
    side: int = SIDE,
) -> tuple[Tensor, Tensor]:
    """Place boxes one by one where they overlap none before by 15 % of the smaller.

    Args:
        sizes: (B, K, 2), widths and heights.
        wanted: (B, K) of bool, which boxes to place.
        generator: draws 50 places for each, all alike; the first that fits is taken.
        side: of the scenes.

    Returns:
        (B, K, 4) of int64, in corners, and (B, K) of bool: is it wanted, did it fit?
    """
    B, K, _ = sizes.shape
    room = side - sizes + 1
    corners = (torch.rand(TRIES, B, K, 2, generator=generator) * room).long()
    tries = torch.cat([corners, corners + sizes], dim=-1)  # (TRIES, B, K, 4)
    boxes, there = tries[0].clone(), wanted.clone()
    for k in range(K):
        overlap = shared_of_smaller(tries[:, :, k, None], boxes[:, :k])  # (TRIES, B, k)
        fits = ((overlap < MOST_OVERLAP) | ~there[:, :k]).all(dim=-1)
        there[:, k] &= fits.any(dim=0)
        boxes[:, k] = tries[fits.int().argmax(dim=0), torch.arange(B), k]
    return boxes, there


def shared_of_smaller(first: Tensor, second: Tensor) -> Tensor:
    """Return the area that boxes (..., 4) in corners share, by that of the smaller."""
    shared, _ = intersection_and_union(first, second)
    return shared / torch.minimum(box_area(first), box_area(second))


def paste(pictures: Tensor, corners: Tensor, side: int = SIDE) -> Tensor:
    """Put pictures on black scenes; of two that share a pixel, the brighter shows.

    Args:
        pictures: (B, n, h, w) in 0..1.
        corners: (B, n, 2) of int64, x and y of the upper left pixels. What reaches over
            the edge is cut off.
        side: of the scenes.

    Returns:
        (B, side, side).
    """
    B, _, h, w = pictures.shape
    x = corners[..., 0, None, None] + torch.arange(w)  # (B, n, 1, w)
    y = corners[..., 1, None, None] + torch.arange(h)[:, None]  # (B, n, h, 1)
    inside = (x >= 0) & (x < side) & (y >= 0) & (y < side)
    pixel = (y * side + x).where(inside, 0)  # (B, n, h, w); elsewhere black, on pixel 0
    scenes = torch.zeros(B, side * side)
    scenes.scatter_reduce_(1, pixel.flatten(1), (pictures * inside).flatten(1), "amax")
    return scenes.view(B, side, side)


def background(items: ImageSet, count: int, generator: torch.Generator, side: int = SIDE) -> Tensor:
    """Draw what lies behind the items: a ramp, and fragments of other items on it.

    Returns:
        (B, side, side) in 0..1.
    """
    dark, bright = BRIGHTEST * torch.rand(2, count, 1, 1, generator=generator)
    angle = 2 * torch.pi * torch.rand(count, 1, 1, generator=generator)
    axis = torch.linspace(-1, 1, side)
    along = axis * angle.cos() + axis[:, None] * angle.sin()  # (B, side, side)
    ramp = dark + (bright - dark) * (along / along.amax((1, 2), keepdim=True) + 1) / 2
    clutter = fragments(items, count, generator, side)
    return torch.where(clutter > 0, clutter, ramp)


def fragments(items: ImageSet, count: int, generator: torch.Generator, side: int = SIDE) -> Tensor:
    """Draw six 8 x 8 pieces of items' middles anywhere on black scenes: (B, side, side)."""
    shape = (count, FRAGMENTS)
    chosen = torch.randint(len(items), shape, generator=generator)
    middle = torch.randint(4, 24 - FRAGMENT + 1, (*shape, 2), generator=generator)
    x, y = (middle[..., axis, None] + torch.arange(FRAGMENT) for axis in (0, 1))
    pieces = items.images[chosen[..., None, None], y[..., :, None], x[..., None, :]]
    corners = torch.randint(side - FRAGMENT + 1, (*shape, 2), generator=generator)
    bright = pieces.float() / 255  # (B, 6, 8, 8)
    return paste(bright * (bright > FAINT), corners, side)
