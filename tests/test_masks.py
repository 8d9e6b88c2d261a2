"""The outlines in the photographs: inside, complete, and cut into cells as a count of pixels says."""

import colorsys

import matplotlib.path
import numpy as np
import pytest
import torch

from course_utils import data, masks
from course_utils.data import photograph, table
from course_utils.photo_crops import PHOTOGRAPHS

# where something is that belongs to the object, and something that doesn't: x and y in pixels
INSIDE = {
    "astronaut": [(155, 95), (60, 300), (280, 340)],
    "cat": [(170, 105), (315, 130), (265, 240)],
    "china": [(124, 25), (120, 120), (150, 225)],
    "coffee": [(190, 100), (80, 140), (225, 190)],
    "flower": [(185, 132), (120, 90), (250, 150)],
    "hopper": [(160, 140), (60, 300), (160, 40)],
    "rocket": [(193, 90), (195, 160), (193, 240)],
}
OUTSIDE = {
    "astronaut": [(300, 100), (20, 60), (250, 100)],
    "cat": [(10, 60), (420, 60), (400, 240)],
    "china": [(300, 50), (300, 220), (20, 160)],
    "coffee": [(20, 20), (350, 100), (20, 240)],
    "flower": [(30, 90), (330, 60), (215, 240)],
    "hopper": [(280, 100), (30, 100), (90, 190)],
    "rocket": [(120, 160), (40, 100), (215, 238)],
}


def test_every_photograph_has_an_object_and_six_have_a_material():
    listed = sorted(file.split("/")[1][:-4] for file in data.manifest() if file.startswith("photographs/"))
    assert tuple(listed) == PHOTOGRAPHS == tuple(masks.regions("object"))
    assert sorted({*PHOTOGRAPHS} - {*masks.regions("material")}) == ["cat"]
    assert masks.regions("material")["astronaut"] == "suit"


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_an_object_is_where_one_sees_it(name):
    mask = masks.object_mask(name)
    assert mask.dtype == torch.bool and mask.shape == photograph(name).shape[1:]
    assert all(mask[y, x] for x, y in INSIDE[name])
    assert not any(mask[y, x] for x, y in OUTSIDE[name])


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_corners_lie_in_the_photograph(name):
    height, width = photograph(name).shape[1:]
    rows = [row for row in table("object_masks") if row["photograph"] == name]
    assert all(0 <= float(row["x"]) <= width and 0 <= float(row["y"]) <= height for row in rows)
    assert {row["kind"] for row in rows} <= {"object", "material"}


@pytest.mark.parametrize("name", masks.regions("material"))
def test_a_mask_agrees_with_matplotlibs_polygons(name):
    height, width = photograph(name).shape[1:]
    rows = [row for row in table("object_masks") if (row["photograph"], row["kind"]) == (name, "material")]
    y, x = np.mgrid[:height, :width]
    expected = np.zeros((height, width), bool)
    for part in {row["part"] for row in rows}:
        corners = [(float(row["x"]), float(row["y"])) for row in rows if row["part"] == part]
        inside = matplotlib.path.Path(corners).contains_points(np.column_stack([x.ravel(), y.ravel()]))
        expected |= inside.reshape(height, width)
    differing = (masks.material_mask(name).numpy() ^ expected).sum()
    assert differing < 0.03 * expected.sum()  # Pillow counts the line around a polygon, Matplotlib doesn't


@pytest.mark.parametrize(("name", "hue"), [("astronaut", 0.04), ("flower", 0.07), ("rocket", 0.61), ("coffee", 0.02)])
def test_a_material_has_its_colour(name, hue):
    mean = photograph(name)[:, masks.material_mask(name)].mean(dim=1).tolist()
    assert colorsys.rgb_to_hsv(*mean)[0] == pytest.approx(hue, abs=0.03)


@pytest.mark.parametrize("grid", [(24, 28), (12, 14), (18, 28)])
def test_a_cell_is_inside_where_most_of_it_is(grid):
    pixels, cells = masks.object_mask("cat"), masks.object_mask("cat", grid)
    assert cells.shape == grid and cells.any() and not cells.all()
    height, width = pixels.shape[0] // grid[0], pixels.shape[1] // grid[1]
    for row in range(grid[0]):
        for column in range(grid[1]):
            cell = pixels[row * height : (row + 1) * height, column * width : (column + 1) * width]
            assert cells[row, column] == (2 * cell.sum() >= cell.numel())


def test_what_is_not_there_is_told():
    with pytest.raises(ValueError, match="no object is outlined in 'dog': use one of astronaut, cat, china"):
        masks.object_mask("dog")
    with pytest.raises(ValueError, match="no material is outlined in 'cat': use one of astronaut, china"):
        masks.material_mask("cat")
    with pytest.raises(ValueError, match="288 x 448 pixels have no grid of 7 x 28 equal cells: use divisors"):
        masks.object_mask("cat", (7, 28))
    with pytest.raises(ValueError, match="no kind 'colour' of region: use 'object' or 'material'"):
        masks.regions("colour")
