"""The open-ended projects of lesson 11: what each is about, how it is measured, and what it starts from."""

import math
from statistics import mean

from course_utils import data, project_cells
from course_utils.files import CourseError
from course_utils.project_measures import ACCURACY, AP50, HIDDEN_ERROR, OWN_ACCURACY
from course_utils.project_parts import Baseline, Project, Rules

__all__ = ["IMPORTS", "PARTS", "PROJECTS", "Baseline", "Project", "Rules", "find", "goal", "overview"]

IMPORTS, PARTS = project_cells.IMPORTS.strip(), project_cells.PARTS.strip()


def _detector() -> float:
    from course_utils import checkpoints

    return checkpoints.record("detr_five")["measured"]["ap50"]


def _stored(experiment: str, arm: str, value: str, what: str = "") -> Baseline:
    def score() -> float:
        from course_utils import experiments  # which takes seconds to import, and a model's own process doesn't need

        if f"results/{experiment}.json" not in data.manifest():
            return math.nan
        return mean(experiments.by_arm(experiment, value)[arm])

    return Baseline(what or arm, score, f"data/results/{experiment}.json")


SHORT_RUN = "steps of 64 of the first 10,000 training images, and no look at a test image"

PROJECTS = (
    Project(
        "recipe",
        "A better recipe",
        "small",
        (1, 3),
        (
            "Steiner et al. 2021, *How to train your ViT?*, section 4",
            "Touvron et al. 2022, *DeiT III*, section 3",
            "Beyer et al. 2022, *Better plain ViT baselines for ImageNet-1k*",
        ),
        "Train the same ViT for as many steps on as many images, better: schedule, augmentation, averaged weights.",
        "How much of a model's number is its training, with nothing changed in the model.",
        ACCURACY,
        _stored("project_tries", "Muon", "accuracy"),
        Rules((204_938, 204_938), 3_327_616, "1,300 steps of 64 of the first 10,000 training images"),
        (
            _stored("recipe", "the recipe", "accuracy", "lesson 06's recipe"),
            _stored("labels", "ViT, 10000", "accuracy", "lesson 05's recipe"),
            _stored("project_tries", "Muon", "accuracy", "another optimizer"),
        ),
        project_cells.RECIPE.strip(),
    ),
    Project(
        "linear_attention",
        "Linear attention",
        "medium",
        (2, 4),
        ("Katharopoulos et al. 2020, *Transformers are RNNs*, section 3.2",),
        "Replace softmax by a product of features, sum keys and values first, and lose the N x N weights.",
        "What the N² of attention buys: accuracy at half of the multiply-adds.",
        ACCURACY,
        _stored("project_tries", "linear attention", "accuracy"),
        Rules((1, 20_000), 3_000_000, f"100 {SHORT_RUN}"),
        (
            _stored("project_tries", "softmax attention", "accuracy", "softmax, too many multiply-adds,"),
            _stored("project_tries", "linear attention", "accuracy"),
        ),
        project_cells.LINEAR.strip(),
    ),
    Project(
        "registers",
        "Register tokens",
        "small",
        (1, 3),
        ("Darcet et al. 2024, *Vision Transformers Need Registers*, section 2",),
        "Add tokens that stand for nothing, and look at the norms of the patch tokens and at the attention maps.",
        "Whether a small ViT has the outliers that the paper finds in large ones, and what registers cost it.",
        ACCURACY,
        _stored("project_tries", "one register, larger at first", "accuracy"),
        Rules((205_130, 206_000), 5_000_000, f"that there are registers, and 150 {SHORT_RUN}"),
        (
            _stored("project_tries", "four registers", "accuracy"),
            _stored("project_tries", "one register, larger at first", "accuracy"),
            _stored("project_tries", "no registers", "accuracy", "no registers, which isn't allowed"),
        ),
        project_cells.REGISTERS.strip(),
    ),
    Project(
        "rotary_positions",
        "Rotary positions in 2-D",
        "medium",
        (2, 5),
        (
            "Heo et al. 2024, *Rotary Position Embedding for Vision Transformer*, section 3",
            "Su et al. 2021, *RoFormer*, section 3",
        ),
        "Turn queries and keys by their row and column, and learn no positions.",
        "That places can live in the attention itself, with fewer parameters.",
        ACCURACY,
        _stored("project_tries", "rotary positions", "accuracy"),
        Rules((1, 204_000), 4_000_000, f"150 {SHORT_RUN}"),
        (
            _stored("project_tries", "no positions", "accuracy"),
            _stored("project_tries", "rotary positions", "accuracy"),
            _stored("project_tries", "learned positions", "accuracy", "learned positions, more parameters"),
        ),
        project_cells.ROTARY.strip(),
    ),
    Project(
        "masked_autoencoder",
        "Masked autoencoding",
        "large",
        (4, 8),
        ("He et al. 2022, *Masked Autoencoders Are Scalable Vision Learners*, section 3",),
        "Hide 37 of 49 patches and predict their pixels from the other 12, without any label.",
        "What can be learned from images alone; then train a classifier on the encoder with 1,000 labels.",
        HIDDEN_ERROR,
        _stored("project_tries", "masked autoencoder", "error"),
        Rules((1, 250_000), 0, "150 steps of 64 of the first 10,000 training images"),
        (
            _stored("projects", "mean image", "error"),
            _stored("project_tries", "masked autoencoder", "error"),
        ),
        project_cells.MASKED.strip(),
    ),
    Project(
        "larger_scenes",
        "Larger scenes",
        "medium",
        (2, 6),
        (
            "Zhu et al. 2021, *Deformable DETR*, section 4",
            "Carion et al. 2020, *End-to-End Object Detection with Transformers*, section 4",
        ),
        "Make lesson 10's detector find up to nine items in 96 x 96, from its weights; training on is allowed.",
        "What in a detector is tied to the size of its images: references, positions, the number of queries.",
        AP50,
        _stored("projects", "boxes shrunk, 16 queries", "ap50"),
        Rules((1, 650_000), 0, "at most 100 steps of 16 new scenes from training items"),
        (
            _stored("projects", "detector as it is", "ap50"),
            _stored("projects", "boxes shrunk, 16 queries", "ap50", "a try without training"),
            Baseline("lesson 10's, on its own 64 x 64", _detector, "data/checkpoints/detr_five.json"),
        ),
        project_cells.SCENES.strip(),
    ),
    Project(
        "own_images",
        "Your own images",
        "large",
        (4, 10),
        (
            "Dosovitskiy et al. 2021, *An Image is Worth 16x16 Words*, section 4.3",
            "Touvron et al. 2021, *Training data-efficient image transformers*, section 6",
        ),
        "Sort pictures of yours into folders, one a class, and train a ViT and a CNN on them.",
        "How far a few hundred pictures carry, and which of the course's lessons help when there are so few.",
        OWN_ACCURACY,
        None,
        Rules((1, 1_000_000), 0, "that no test image, or one nearly like it, was trained on"),
        (),
        project_cells.OWN.strip(),
    ),
)


def find(key: str) -> Project:
    """Return a project by its key.

    Raises:
        CourseError: there is no such project.
    """
    for project in PROJECTS:
        if project.key == key:
            return project
    raise CourseError(f"there is no project {key!r}: use one of {', '.join(project.key for project in PROJECTS)}")


def goal(key: str) -> str:
    """Return a project's goal beside the number to start from, as one line.

    Raises:
        CourseError: there is no such project.
    """
    project = find(key)
    if project.goal is None:
        return f"{project.measure.name}: goal more than the nearest mean image gets"
    start, met, text = project.baselines[0], project.goal.score(), project.measure.text
    begin = "not measured yet" if math.isnan(start.score()) else f"{start.what} {text(start.score())}"
    if math.isnan(met):
        return f"{project.measure.name}: {begin}; no goal yet"
    side = "or more" if project.measure.best is max else "or less"
    return f"{project.measure.name}: {begin}; goal {text(easier(project, met))} {side}"


def easier(project: Project, met: float) -> float:
    """Return a number that was met, rounded to the next easier step of the project's measure."""
    steps = met / project.measure.step
    return (math.floor(steps) if project.measure.best is max else math.ceil(steps)) * project.measure.step


def overview() -> str:
    """Return the projects as a Markdown table, smallest first."""
    lines = ["| project | scope | hours | start and goal |", "|---|---|---|---|"]
    order = ("small", "medium", "large")
    for project in sorted(PROJECTS, key=lambda project: order.index(project.scope)):
        hours = "{}–{}".format(*project.hours)
        lines.append(f"| {project.title} | {project.scope} | {hours} | {goal(project.key)} |")
    return "\n".join(lines)
