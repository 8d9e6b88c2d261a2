"""A new exercise whose reference is a class, 5.8, with its blanks filled in; for the tests of `new-exercise`."""

import re

REFERENCE = "course_utils.models.spatial_mlps.SpatialShiftBlock"
TOPIC = "05_spatial_shift_block"
FILE = "course_utils/exercises/{}_05_spatial_shift_block.py"
SIZES = """    sizes = ((2, 5, 3, 8, ""), (3, 4, 7, 4, "with three images"))
    return [
        Case((_normal(generator, B, H, W, C),), init={"width": C, "hidden": 2 * C + 1}, note=note)
        for B, H, W, C, note in sizes
    ]
"""
WRONG = (
    "super().forward(grid) - grid",
    "2 * super().forward(grid)",
    "super().forward(grid.flip(1))",
    "super().forward(grid).flip(2)",
    "super().forward(grid).relu()",
)
RIGHT = """middle = self.after(spatial_shift(F.gelu(self.before(self.norm1(grid))))) + grid
        return self.mlp(self.norm2(middle)) + middle"""
AXES = """    axes=(
        (
            Option({"layout": "(B, H, W, C)", "turn": "", "back": ""}),
            _layout("BCHW", ".permute(0, 2, 3, 1)", ".permute(0, 3, 1, 2)"),
            _layout("HWBC", ".permute(2, 0, 1, 3)", ".permute(1, 2, 0, 3)"),
        ),
        (
            Option({"sign": ""}),
            Option({"sign": "-"}, here="the result is negated", remedy="Negate it.", from_course=out(torch.neg)),
        ),
    ),
"""
LAYOUT = """import torch

from course_utils.exercises.options import axes, out, on, shape


def _layout(letters, turn, back):
    return Option(
        {"layout": shape(letters), "turn": turn, "back": back},
        here=f"the grid is {shape(letters)}, not (B, H, W, C)",
        remedy="Turn it, and turn the result back.",
        to_course=on(axes(letters, "BHWC"), "grid"),
        to_variant=on(axes("BHWC", letters), "grid"),
        from_course=out(axes("BHWC", letters)),
    )


SPATIAL_SHIFT_BLOCK = """
TWO = "2 * super().forward(grid).relu()"
REWRITTEN = """from course_utils.models.spatial_mlps import MLP, spatial_shift

class SpatialShiftBlock(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(width, eps=1e-6) for _ in range(2))
        self.before, self.after = (nn.Linear(width, width) for _ in range(2))
        self.mlp = MLP(width, hidden)

    def forward(self, grid):
        mixed = grid + self.after(spatial_shift(nn.functional.gelu(self.before(self.norm1(grid)))))
        return mixed + self.mlp(self.norm2(mixed)) - grid
"""


def fill_block(folder):
    """Fill in what `new-exercise 5.8` started in this folder."""
    edit(folder, FILE.format("cases"), (r"TODO\(5.8\): say what they have\.", ""), (r"    raise Not.*\n", ""))
    edit(folder, FILE.format("cases"), (r"    sizes = (?s:.+?)\n    \]\n", SIZES))
    blank = r"# TODO\(5.8\): do one thing wrongly.+\n +return super\(\)\.forward\(grid\)"
    for number, wrong in enumerate(WRONG):
        lines = ("what is", "why", "what to")
        told = [(rf'"TODO\(5.8\): {line}.+"', f'"{line.capitalize()} {number}."') for line in lines]
        edit(folder, FILE.format("mistakes"), (blank, f"return {wrong}"), *told)
    used = "import SpatialShiftBlock, spatial_shift\nfrom torch.nn import functional as F"
    blank = r"raise NotImplementedError.+"
    edit(folder, FILE.format("alternatives"), ("import SpatialShiftBlock", used), (blank, RIGHT), (blank, RIGHT))
    edit(folder, "course_utils/exercises/lesson_05.py", *[(r'"TODO\(5.8\): .+"', '"A hint."')] * 3)
    edit(
        folder,
        FILE.format("variants"),
        (r"    # TODO\(5.8\): put.+\n", ""),
        (r"    axes=\((?s:.+?)\n    \),\n", AXES),
        (r"    # TODO\(5.8\): mistakes.+\n", ""),
        ("SPATIAL_SHIFT_BLOCK = ", LAYOUT),
        (r"Map \(B, H, W, C\) to \(B, H, W, C\)", "Map $layout to $layout"),
        (r"self\.norm1\(grid\)", "self.norm1(grid$turn)"),
        (r"grid = grid \+", "grid = grid$turn +"),
        (r"return grid (.+)", r"return $sign(grid \1)$back"),
    )
    edit(
        folder,
        f"tests/test_lesson_{TOPIC}.py",
        (r"\nclass SpatialShiftBlock(?s:.+?)\n\"\"\"", f'\n{REWRITTEN}"""'),
        (r"raise AssertionError.+", "assert SpatialShiftBlock(4, 9).mlp[0].out_features == 9"),
        (r"# TODO\(5.8\): make two.+\n +return super\(\)\.forward\(grid\)", f"return {TWO}"),
    )
    edit(folder, "tests/test_lessons_exercises.py", (r"    5: \(7, 10\)", "    5: (8, 5)"), (r'5: "125"', '5: "1258"'))


def edit(folder, path, *pairs):
    """Replace the first place of each pattern in a file."""
    text = (folder / path).read_text(encoding="utf-8")
    for pattern, new in pairs:
        template = new if "\\1" in new else new.replace("\\", r"\\")
        text, count = re.subn(pattern, template, text, count=1)
        assert count == 1, (path, pattern)
    (folder / path).write_text(text, encoding="utf-8")
