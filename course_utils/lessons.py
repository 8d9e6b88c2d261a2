"""The list of lessons: what README, the first lesson and the tests know about them."""

from dataclasses import dataclass
from pathlib import Path

from course_utils import data
from course_utils.files import NOTEBOOKS


@dataclass(frozen=True)
class Lesson:
    """One lesson of the course.

    Attributes:
        name: stem of its notebook.
        title: as the reader sees it.
        minutes: what a student new to the subject needs, core exercises included.
        builds: what the student will have built.
        seconds: the most that executing it may take on two quiet cores, start-up included.
    """

    name: str
    title: str
    minutes: int
    builds: str
    seconds: int

    @property
    def number(self) -> str:
        """Two digits: 00 to 11."""
        return self.name[:2]

    @property
    def path(self) -> Path:
        """Where its notebook lies, or will lie once it is written."""
        return NOTEBOOKS / f"{self.name}.ipynb"


LESSONS = (
    Lesson(
        "00_start_here",
        "Start here",
        10,
        "an attention map without a learned weight; a set-up that works",
        10,
    ),
    Lesson(
        "01_gpus_and_number_formats",
        "GPUs and number formats",
        90,
        "floats bit by bit; a GPU as arithmetic",
        30,
    ),
    Lesson("02_self_attention", "Self-attention", 90, "attention, multi-head attention, a Transformer block", 35),
    Lesson(
        "03_attention_meets_convolution",
        "Attention meets convolution",
        90,
        "a non-local block; local attention in place of convolution",
        35,
    ),
    Lesson(
        "04_from_pixels_to_patches",
        "From pixels to patches",
        90,
        "the R⁴ bill of pixel attention; patches",
        40,
    ),
    Lesson(
        "05_vision_transformer",
        "The Vision Transformer",
        90,
        "ViT: equal to the official one, trained, opened",
        60,
    ),
    Lesson("06_training_vits", "Training ViTs", 90, "augmentation and regularisation; a hybrid model", 45),
    Lesson("07_distillation", "Distillation", 90, "teacher and student; DeiT's distillation token", 40),
    Lesson("08_swin_transformer", "Swin Transformer", 90, "windows, shifted windows, relative positions", 45),
    Lesson("09_mlp_mixer", "MLP-Mixer", 90, "Mixer, ResMLP and gMLP: mixing without attention", 35),
    Lesson("10_detr", "DETR", 90, "detection as set prediction, from boxes to matching", 80),
    Lesson(
        "11_evolution_not_revolution",
        "Evolution, not revolution",
        90,
        "one fair comparison of every family built",
        25,
    ),
)


def table(folder: str = "") -> str:
    """Return the lessons as a Markdown table; `folder` leads from the page that shows it to the notebooks."""
    lines = ["| | lesson | minutes | you build |", "|---|---|---|---|"]
    for lesson in LESSONS:
        title = (
            f"[{lesson.title}]({folder}{lesson.name}.ipynb)" if lesson.path.exists() else f"{lesson.title} *(planned)*"
        )
        lines.append(f"| {lesson.number} | {title} | {lesson.minutes} | {lesson.builds} |")
    return "\n".join(lines)


def verdicts(number: str) -> str:
    """Return the lecture's claims that lesson `number` ("00" to "11") treats, with verdicts, as a Markdown table."""
    lines = ["| | the lecture says | verdict | what we found |", "|---|---|---|---|"]
    for row in data.table("claims"):
        if number in row["lessons"].split():
            cells = (row[column].replace("|", "\\|") for column in ("id", "claim", "verdict", "finding"))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
