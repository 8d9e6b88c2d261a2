"""DETR's explorers in Python: the names of the queries, the boxes in the picture, each cell where it looks."""

import explorers
import torch

from course_utils import data, detr_runs
from course_utils.average_precision import Detections
from course_utils.detr_attention import SHIFT
from course_utils.plots import COLOURS
from course_utils.widgets import detr as widgets

BOXES = torch.tensor([[0.25, 0.25, 0.75, 0.5], [0.5, 0.5, 0.9, 0.9]])
FOUND = Detections(BOXES, torch.tensor([1, 3]), torch.tensor([0.8, 0.5]))
BLACK = torch.zeros(1, 64, 64)


def test_a_query_is_called_by_what_it_found():
    assert widgets.query_names(FOUND, ("top", "trouser", "dress", "shoe")) == (
        "trouser at query 0",
        "nothing at query 1",
    )


def test_only_sure_boxes_are_drawn_in_the_colour_of_their_class():
    picture = widgets.with_boxes(BLACK, FOUND)
    side = 64 * widgets.LARGER
    assert picture.shape == (3, side, side) and picture.min() >= 0 and picture.max() <= 1
    colour = torch.tensor([int(COLOURS[1][i : i + 2], 16) for i in (1, 3, 5)]) / 255
    for y, x in ((16, 40), (32, 40), (26, 16), (26, 48)):
        assert torch.allclose(picture[:, y * widgets.LARGER, x * widgets.LARGER], colour)
    assert (picture[:, 34 * widgets.LARGER :] == 0).all(), "the other isn't sure"
    beyond = Detections(torch.tensor([[-0.1, 0.5, 0.5, 1.2]]), torch.tensor([0]), torch.tensor([0.9]))
    assert (widgets.with_boxes(BLACK, beyond)[:, side - 1] > 0).any(), "a box that ends outside is cut off"


def test_a_cell_is_put_where_it_looks():
    image = torch.zeros(1, 64, 64)
    image[0, 8 * 3, 8 * 5] = 1  # the middle of what cell (3, 5) sees
    for picture, size in ((widgets.placed(image), 8), (widgets.placed(widgets.larger(image)), 8 * widgets.LARGER)):
        lit = (picture[0] > 0).nonzero()
        assert (lit // size == torch.tensor([3, 5])).all()
        middle = (lit.float() + 0.5).mean(dim=0) / size
        assert torch.allclose(middle, torch.tensor([3.5, 5.5]), atol=0.1) and SHIFT == 4


def test_the_surest_query_is_shown_first():
    image, model = explorers.scene()
    found = detr_runs.detect(model, image[None])[0]
    shown = widgets.cross_explorer(model, image, data.FASHION_CLASSES)
    assert f"at query {int(found.scores.argmax())} gives" in shown.sentence
