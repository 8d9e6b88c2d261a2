"""What the folded answers to "Find" say of the explorers of lessons 10 and 11 is so."""

import re

import nbformat
import pytest
import torch

from course_utils import capstone_runs, checkpoints, data, scenes
from course_utils.detr_attention import in_cells, maps_named
from course_utils.experiments import results
from course_utils.files import NOTEBOOKS
from course_utils.models.hungarian import hungarian, hungarian_steps
from course_utils.models.matching import match_lowest_first
from course_utils.models.tradeoffs import pareto

AXES = ("bytes", "training seconds", "training images_per_s", "inference images_per_s", "parameters")


def cells(lesson, kind):
    (path,) = NOTEBOOKS.glob(f"{lesson}_*.ipynb")
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def says(lesson, answer):
    return any(f"Found?</summary>{answer}</details>" in text for text in cells(lesson, "markdown"))


def test_the_matching():
    told = "Columns 1 and 0: column 3 takes row 0, column 1 takes row 3, column 0 takes row 4. Row 2 stays alone."
    lure = "Raise the cost of row 0, column 2: it lures the greedy way into its mistake."
    assert says("10", f"{told} {lure}")
    (source,) = (text for text in cells("10", "code") if "five_by_four = " in text)
    numbers = re.search(r"torch\.tensor\(\s*(\[\[.*?\]\])", source, flags=re.DOTALL)[1]
    cost = torch.tensor([[int(n) for n in re.findall(r"\d+", row)] for row in re.findall(r"\[+([^\[\]]+)\]", numbers)])
    assert cost.shape == (5, 4)
    sentences = [step.sentence for step in hungarian_steps(cost.float())]
    assert sentences[-2] == "Column 0 takes row 4, column 1 takes row 3, column 3 takes row 0."
    rows, _ = best = hungarian(cost.float())
    assert set(range(5)) - set(rows.tolist()) == {2}
    assert cost[match_lowest_first(cost.float())].sum() > cost[best].sum()
    cost[0, 2] += 1
    assert cost[match_lowest_first(cost.float())].sum() == cost[hungarian(cost.float())].sum()


@pytest.fixture(scope="module")
def scene():
    """The lesson's scene, and the detector's attention between its cells: (L, h, N, N)."""
    (source,) = (text for text in cells("10", "code") if "explorer = encoder_explorer(" in text)
    number = re.search(r"^scene = (\d+)$", source, flags=re.MULTILINE)[1]
    test = scenes.held_out_scenes(scenes.five_classes(data.fashion_mnist(60_000, 10_000)[1]))
    image = test.images[int(number)][None]
    masks = test.masks(int(number))
    names = [test.classes[label] for label in test.labels[int(number)]]
    on = in_cells(masks[:, None].float(), 8)[..., 0] > 0.5  # (T, N)
    return names, on, test.boxes[int(number)], maps_named("encoder_self", checkpoints.load("detr_five"), image)[:, 0]


def test_where_cells_on_objects_and_on_the_ground_look(scene):
    objects = "The trousers in layer 1, head 1; the upper top in layer 2, head 3."
    ground = "In layer 2 (mean) most of the ground looks at one cell of the ground, row 4, column 2."
    assert says("10", f"{objects} {ground}")
    names, on, boxes, maps = scene
    tops = [number for number, name in enumerate(names) if name == "top"]
    upper = min(tops, key=lambda number: boxes[number, 1])
    assert len(tops) > 1
    for item, layer, head in ((names.index("trouser"), 0, 0), (upper, 1, 2)):
        own = maps[:, :, on[item]][..., on[item]].sum(dim=-1).mean(dim=-1)  # (L, h)
        assert divmod(own.argmax().item(), own.shape[1]) == (layer, head)
    empty = ~on.any(dim=0)
    most = maps[1].mean(dim=0)[empty].argmax(dim=-1)  # of each cell of the ground
    assert divmod(most.mode().values.item(), 8) == (4, 2)
    assert empty[4 * 8 + 2]
    assert (most == 4 * 8 + 2).float().mean() > 0.5


def test_the_fronts():
    alone = "Memory, CPU seconds, either speed: the CNN is first in both."
    four = "Parameters: Swin has the fewest, and shares the front with local attention, the non-local CNN and the CNN."
    assert says("11", f"{alone} {four} The same family after 800 steps: more accurate, all else equal.")
    rows = capstone_runs.summary(results("capstone"), results("capstone_speed"))
    axes = capstone_runs.AXES
    fronts = {name: {row["family"] for row in pareto(rows, axes[name], axes["accuracy"])} for name in AXES}
    parameters = fronts.pop("parameters")
    assert all(front == {"CNN"} for front in fronts.values())
    assert parameters == {"Swin", "local attention", "non-local CNN", "CNN"}
    assert min(rows, key=lambda row: row["parameters"])["family"] == "Swin"
