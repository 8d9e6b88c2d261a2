"""How a project's models are compared: what each is asked on a fixed test, and what its answers are worth.

Asking and judging are apart, so that a stored model can answer in a process of its own, and is judged outside of it.
Notation: `N` images, `C` classes, `Q` queries.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_utils import data, project_runs, scenes
from course_utils.average_precision import coco_average_precision
from course_utils.detr_runs import detect, truths_of
from course_utils.files import CourseError
from course_utils.image_sets import ImageSet
from course_utils.models.patches import patchify, unpatchify
from course_utils.scenes import Scenes
from course_utils.threads import one_thread
from course_utils.training import grey

Answers = dict[str, Tensor]
Test = ImageSet | Scenes
BATCH = 100


@dataclass(frozen=True)
class Measure:
    """A number by which models are compared.

    Attributes:
        name: of the number.
        text: how it is written.
        best: `max` or `min`.
        step: of goals, which are rounded to what is easier.
        tolerance: by how much it may differ when it is measured again, on another processor too.
        test: loads what all models are tested on; none if each entry brings its own images.
        ask: a model in eval mode and the test to its answers.
        judge: answers and the test to the number.
    """

    name: str
    text: Callable[[float], str]
    best: Callable
    step: float
    tolerance: float
    test: Callable[[], Test] | None
    ask: Callable[[nn.Module, Test], Answers]
    judge: Callable[[Answers, Test], float]


@one_thread()
@torch.no_grad()
def answers_of(model: nn.Module, measure: Measure, test: Test) -> Answers:
    """Ask a model, in eval mode and with one thread; its mode is afterwards what it was."""
    training = model.training
    model.eval()
    try:
        return measure.ask(model, test)
    finally:
        model.train(training)


def classify(model: nn.Module, images: ImageSet) -> Answers:
    """Return a classifier's logits (N, C)."""
    return {"logits": torch.cat([_tensor(model(part)) for part in grey(images).split(BATCH)])}


def accuracy_of(answers: Answers, images: ImageSet) -> float:
    """Return the share (0 to 1) of images whose class has the largest logit.

    Raises:
        CourseError: the logits have another shape, or aren't numbers.
    """
    logits = _checked(answers, "logits", (len(images), len(images.classes)))
    return (logits.argmax(dim=1) == images.labels).double().mean().item()


def reconstruct(model: nn.Module, images: ImageSet) -> Answers:
    """Return what a model says of the hidden patches (N, 37, 16); their pixels are black when it is asked."""
    pixels, masks = grey(images), project_runs.test_masks(len(images))
    parts = zip(_blackened(pixels, masks).split(BATCH), masks.split(BATCH), strict=True)
    return {"patches": torch.cat([_hidden(_tensor(model(*part)), part[1]) for part in parts])}


def hidden_error_of(answers: Answers, images: ImageSet) -> float:
    """Return the mean squared error of the hidden patches, in variances of all pixels.

    Raises:
        CourseError: the patches have another shape, or aren't numbers.
    """
    masks, patch = project_runs.test_masks(len(images)), project_runs.PATCH
    found = _checked(answers, "patches", (len(images), project_runs.HIDDEN, patch * patch))
    return (found - _hidden(patchify(grey(images), patch), masks)).square().mean().item()


def _hidden(patches: Tensor, masks: Tensor) -> Tensor:
    if patches.shape[:2] != masks.shape:
        raise CourseError(f"the model predicts {tuple(patches.shape)}: return (B, 49, 16), all patches of each image")
    return patches[masks].view(len(masks), project_runs.HIDDEN, -1)


def _blackened(pixels: Tensor, masks: Tensor) -> Tensor:
    """Make hidden patches black, so that no model can look."""
    patches = patchify(pixels, project_runs.PATCH).masked_fill(masks[..., None], pixels.min().item())
    return unpatchify(patches, project_runs.PATCH, *pixels.shape[2:])


def find(model: nn.Module, drawn: Scenes) -> Answers:
    """Return a detector's class logits (N, Q, C + 1) and boxes (N, Q, 4)."""
    outputs = [model(part) for part in drawn.images.split(BATCH)]
    if not all(isinstance(each, dict) and {"pred_logits", "pred_boxes"} <= each.keys() for each in outputs):
        raise CourseError("the model doesn't return what DETR does: a dictionary with pred_logits and pred_boxes")
    return {name: torch.cat([_tensor(each[name]) for each in outputs]) for name in ("pred_logits", "pred_boxes")}


class _Replay(nn.Module):
    """A model that gives stored answers, batch after batch."""

    def __init__(self, answers: Answers):
        super().__init__()
        self.answers, self.begin = answers, 0

    def forward(self, images: Tensor) -> Answers:
        part = slice(self.begin, self.begin + len(images))
        self.begin = part.stop
        return {name: values[part] for name, values in self.answers.items()}


def ap50_of(answers: Answers, drawn: Scenes) -> float:
    """Return the average precision (0 to 1) at an IoU of 0.5.

    Raises:
        CourseError: logits or boxes have another shape, aren't numbers, or a box has a negative side.
    """
    queries = answers["pred_logits"].shape[1] if answers.get("pred_logits", torch.empty(0)).ndim == 3 else 1
    for name, width in (("pred_logits", len(drawn.classes) + 1), ("pred_boxes", 4)):
        _checked(answers, name, (len(drawn), queries, width))
    if answers["pred_boxes"][..., 2:].min() < 0:
        raise CourseError("the model's pred_boxes have a negative width or height: return cxcywh in 0..1, by a sigmoid")
    found = detect(_Replay(answers), drawn.images)
    return coco_average_precision(found, truths_of(drawn), len(drawn.classes)).ap50


def _tensor(value: object) -> Tensor:
    if not isinstance(value, Tensor):
        raise CourseError(f"the model returns a {type(value).__name__}: return a tensor, in eval mode too")
    return value


def _checked(answers: Answers, name: str, shape: tuple[int, ...]) -> Tensor:
    """Return one of the answers if it has its shape, and numbers in it."""
    values = answers.get(name)
    if values is None or tuple(values.shape) != shape or not values.is_floating_point():
        found = "nothing" if values is None else f"{tuple(values.shape)} of {values.dtype}"
        raise CourseError(f"the model's {name} are {found}: they must be {shape} of floating-point numbers")
    broken = (~values.isfinite()).flatten(1).any(dim=1).sum().item()
    if broken:
        raise CourseError(f"the model's {name} are NaN or infinite for {broken} of {len(values)}: train it again")
    return values


def fashion_test() -> ImageSet:
    """Return the 10,000 test images of Fashion-MNIST."""
    return data.fashion_mnist()[1]


def larger_test() -> Scenes:
    """Return the 500 test scenes of 96 x 96."""
    return project_runs.larger_test_scenes(scenes.five_classes(fashion_test()))


def percent(value: float) -> str:
    """Write a share as a percentage."""
    return f"{100 * value:.1f} %"


def decimals(value: float) -> str:
    """Write a number with three decimals."""
    return f"{value:.3f}"


ACCURACY = Measure("accuracy", percent, max, 0.005, 0.0005, fashion_test, classify, accuracy_of)
OWN_ACCURACY = Measure("accuracy on own images", percent, max, 0.005, 0.0005, None, classify, accuracy_of)
HIDDEN_ERROR = Measure(
    "error of hidden patches", decimals, min, 0.005, 0.001, fashion_test, reconstruct, hidden_error_of
)
AP50 = Measure("AP50", percent, max, 0.005, 0.005, larger_test, find, ap50_of)
