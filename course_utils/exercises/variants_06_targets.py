"""Variants of exercises 6.3 and 6.4: dropped branches, smoothed labels."""

from torch import Tensor

from course_utils.exercises import cases_06 as cases
from course_utils.exercises.options import axes, on, out, rest, shape
from course_utils.exercises.recipes import Option, Recipe


def _layout(letters: str, spread: str) -> Option:
    return Option(
        {"layout": shape(letters), "spread": spread},
        here=f"the branch is {shape(letters)}, not (B, N, D)",
        remedy=f"Let `keep` meet the axis of size B of {shape(letters)}.",
        to_course=on(axes(letters, "BND"), "branch"),
        to_variant=on(axes("BND", letters), "branch"),
        from_course=out(axes("BND", letters)),
    )


PATHS = Recipe(
    id="6.3",
    source='''
        def drop_path(branch: Tensor, keep: Tensor, rate: float) -> Tensor:
            """Drop a residual block's branch for some of the samples, and make up for it in the others.

            $here

            Args:
                branch: $layout, what would be added to the tokens.
                keep: (B,) of bool, True where a sample keeps it.
                rate: the chance with which samples $fate it.

            Returns:
                $layout: 0, or the branch scaled up so that the mean over many draws is the branch.
                After Huang et al. 2016, section 3.
            """
            return branch * keep$spread / $kept
        ''',
    axes=(
        (
            Option({"fate": "lose", "kept": "(1 - rate)", "divisor": "1 - rate", "other": "rate"}),
            Option(
                {"fate": "keep", "kept": "rate", "divisor": "rate", "other": "1 - rate"},
                here="`rate` is the chance with which samples keep the branch, not that with which they lose it",
                remedy="Divide by `rate`.",
                to_course=on(rest, "rate"),
                to_variant=on(rest, "rate"),
            ),
        ),
        (
            Option({"layout": "(B, N, D)", "spread": "[:, None, None]"}),
            _layout("NBD", "[:, None]"),
            _layout("DNB", ""),
        ),
    ),
    cases=cases.branches,
    keep="inverted dropped-stay left-out",
    told={
        "not-scaled": (
            "What is kept isn't scaled up.",
            "The branch is weaker in training, on average, than later without dropping.",
            "Divide by `$divisor`.",
        ),
        "scaled-by-the-rate": (
            "What is kept is divided by the chance of the others.",
            "`rate` says how many $fate the branch; the mean must stay what it is.",
            "Divide by `$divisor`, the chance with which a sample keeps its branch.",
        ),
        "scaled-down": (
            "What is kept is made weaker instead of stronger.",
            "Some are lost, so the others must make up for it.",
            "Divide by `$divisor` instead of multiplying.",
        ),
        "whole-batch": (
            "All samples share the first one's fate.",
            "One draw was used for the whole batch.",
            "Each sample has its own: give `keep` the axes with which it fits $layout.",
        ),
        "nothing-dropped": (
            "Nothing is dropped, and everything scaled up.",
            "`keep` plays no part.",
            "Multiply by `keep`, with the axes with which it fits $layout.",
        ),
        "by-the-share-kept": (
            "What is kept is scaled by how many happened to be kept.",
            "That changes from batch to batch; a batch that keeps everyone isn't scaled at all.",
            "Divide by `$divisor`, which is always the same.",
        ),
        "as-it-is": (
            "The branch comes back as it is.",
            "That is what happens outside training.",
            "Multiply by `keep`, and divide by `$divisor`.",
        ),
    },
    derive=lambda words: {
        "without": "scaled-by-the-rate" if (words["fate"], words["layout"]) == ("keep", "(B, N, D)") else ""
    },
)


def _turned(targets: Tensor) -> Tensor:
    return targets.mT


# mistakes that come to the lesson's own version, by what differs from the lesson
SAME_AS_OWN = {("kept", "1", "1"): "shares-swapped", ("handed out", "0", "1"): "divided-by-the-batch"}
SMOOTH = Recipe(
    id="6.4",
    source='''
        def smooth_labels(targets: Tensor, share: float) -> Tensor:
            """Take a part of every target, and hand it out to all classes alike.

            $here

            Args:
                targets: $layout, the classes of each image summing to 1.
                share: 0 to 1, what is $meaning; the true class gets its part of what is handed out too.

            Returns:
                $layout, the classes of each image summing to $sum.
                After Szegedy et al. 2016, section 7.
            """
            classes = targets.shape[$axis]
            return $result
        ''',
    axes=(
        (
            Option({"meaning": "handed out", "kept": "(1 - share)", "given": "share"}),
            Option(
                {"meaning": "kept", "kept": "share", "given": "(1 - share)"},
                here="`share` is what each target keeps, not what is handed out",
                remedy="Keep `share`, and hand out the rest.",
                to_course=on(rest, "share"),
                to_variant=on(rest, "share"),
            ),
        ),
        (
            Option({"layout": "(B, classes)", "axis": "1"}),
            Option(
                {"layout": "(classes, B)", "axis": "0"},
                here="the targets of an image are a column, (classes, B), not a row",
                remedy="Count the classes along axis 0.",
                to_course=on(_turned, "targets"),
                to_variant=on(_turned, "targets"),
                from_course=out(_turned),
            ),
        ),
        (
            Option({"sum": "1", "percent": ""}),
            Option(
                {"sum": "100", "percent": "100 * "},
                here="the result is in percent: the classes of an image sum to 100, not to 1",
                remedy="Multiply the smoothed targets by 100.",
                from_course=out(lambda targets: 100 * targets),
            ),
        ),
    ),
    cases=cases.targets,
    told={
        "true-class-kept-whole": (
            "The targets sum to too much.",
            "A part is handed out that nobody has given.",
            "Multiply the targets by what they keep first.",
        ),
        "others-get-all": (
            "Every other class gets all that is handed out.",
            "It must be divided among the classes.",
            "Divide what is handed out by the number of classes.",
        ),
        "not-divided": (
            "Every class gets all that is handed out.",
            "It must be divided among the classes.",
            "Divide what is handed out by the number of classes.",
        ),
        "divided-by-the-batch": (
            "What is handed out is divided by the number of pictures.",
            "The wrong axis was counted.",
            "The classes are axis $axis.",
        ),
        "only-lowered": (
            "The targets sum to too little.",
            "A part is taken and given to nobody.",
            "Add to every entry its part of what is taken.",
        ),
        "shares-swapped": (
            "What is kept and what is handed out have changed places.",
            "`share` is what is $meaning.",
            "Look at the true class: it should have the larger part.",
        ),
        "one-class-fewer": (
            "What is handed out is divided by one class fewer.",
            "All classes get a part, the true one too.",
            "Divide by the number of all classes.",
        ),
    },
    derive=lambda words: {
        "without": SAME_AS_OWN.get((words["meaning"], words["axis"], words["sum"]), ""),
        "result": (
            f"100 * ({words['kept']} * targets + {words['given']} / classes)"
            if words["percent"]
            else f"{words['kept']} * targets + {words['given']} / classes"
        ),
    },
)

TARGETS = (PATHS, SMOOTH)
