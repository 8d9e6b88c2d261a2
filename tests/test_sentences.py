"""Numbers in a lesson's sentences, computed from the stored runs: a new run can't leave an old sentence behind."""

from statistics import mean

import nbformat
import pytest

from course_utils import capstone_runs, experiments
from course_utils.experiments import results
from course_utils.files import NOTEBOOKS


def lead(experiment, one, other, value="accuracy"):
    """Return by how many points one arm is ahead of another, on the mean of their seeds."""
    arms = experiments.by_arm(experiment, value)
    return 100 * (mean(arms[one]) - mean(arms[other]))


def detr(one, other):
    return lead("detr", one, other, "ap50")


def duplicates(experiment, arm):
    return mean(experiments.by_arm(experiment, "duplicates")[arm])


def capstone(value, one, other):
    """Return how many times as much one family has of something as another: the largest, or the least, if none."""
    rows = capstone_runs.summary(results("capstone"), results("capstone_speed"))
    values = {row["family"]: row[value] for row in rows}
    return values.get(one, max(values.values())) / values.get(other, min(values.values()))


def taught(one, other):
    return lead("distillation", one, other)


SENTENCES = [
    ("07", "**{} points without a new label**", "Three", lambda: taught("soft, 22k", "labels, 2k")),
    ("07", "true labels give {} more on average", "0.3", lambda: taught("labels, 22k", "soft, 22k")),
    ("07", "decisions alone give {} of the three points", "2.6", lambda: taught("hard, 22k", "labels, 2k")),
    ("07", "the nine other numbers {}.", "0.4", lambda: taught("soft, 22k", "hard, 22k")),
    ("07", "make it worse**, by {} points", "1.7", lambda: taught("soft, 22k", "soft and labels, 22k")),
    ("07", "The largest adds {}.", "0.3", lambda: taught("soft, 22k, larger teacher", "soft, 22k")),
    ("07", "gain**: {} a point on average", "half", lambda: lead("deit", "DeiT", "labels")),
    (
        "07",
        "Its students are {} better on average",
        "0.1",
        lambda: lead("inheritance", "ViT, plain teacher", "ViT, shuffled teacher"),
    ),
    (
        "07",
        "T = 4 costs {} a point",
        "half",
        lambda: taught("soft, 22k", "soft, 22k, T = 4"),
    ),
    ("10", "leave {} duplicates a scene after 750", "0.20", lambda: duplicates("detr", "chosen cells")),
    ("10", "(plain: {}; means of two seeds)", "0.28", lambda: duplicates("detr", "plain")),
    ("10", "and {} after 12,000", "0.03", lambda: duplicates("detr_long", "five classes")),
    ("10", "AP50 rises by {} points", "5", lambda: detr("refined boxes", "plain")),
    ("10", "fixed point to look at): {}.", "11", lambda: detr("conditional attention", "plain")),
    ("10", "**Both**: {}, more than 5 + 11", "19", lambda: detr("both", "plain")),
    ("10", "**Chosen cells**: about {} more", "10", lambda: detr("chosen cells", "both")),
    ("10", "chosen cells bring {} points of AP50", "29", lambda: detr("chosen cells", "plain")),
    (
        "11",
        "the CNN pays most, {} % more than the non-local CNN",
        "9",
        lambda: 100 * capstone("macs", None, "non-local CNN") - 100,
    ),
    ("11", "up to {} times the parameters", "eight", lambda: capstone("parameters", None, None)),
    ("11", "{} times the speed", "four", lambda: capstone("training images_per_s", None, None)),
    (
        "10",
        "**No auxiliary losses:** {} points less",
        "7",
        lambda: (
            100
            * (
                mean(experiments.by_arm("detr", "ap50")["both"])
                - mean(experiments.by_arm("detr_broken", "ap50")["no auxiliary losses"])
            )
        ),
    ),
]
WORDS = {"Three": 3.0, "half": 0.5, "four": 4.0, "eight": 8.0}


@pytest.mark.parametrize(
    ("lesson", "sentence", "told", "compute"), SENTENCES, ids=[f"{row[0]} {row[1][:30]}" for row in SENTENCES]
)
def test_a_sentence_says_what_was_measured(lesson, sentence, told, compute):
    (path,) = NOTEBOOKS.glob(f"{lesson}_*.ipynb")
    texts = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert any(sentence.format(told) in text for text in texts), f"no such sentence: {sentence.format(told)}"
    value = WORDS.get(told) or float(told)
    digits = 1 if told == "half" else len(told.partition(".")[2])
    step = 10.0**-digits  # of the last digit that is told
    assert compute() == pytest.approx(value, abs=0.51 * step)
