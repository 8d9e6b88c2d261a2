"""The file with the recipe of a new exercise's variants."""

import builtins
import sys
from types import FunctionType

from course_utils.exercises.sources import NAMES
from course_utils.notebook_source import free_names
from course_utils.scaffold.insertions import with_import
from course_utils.scaffold.outline import Outline, snake_case

OWN = "course_utils."
FILE = """\"\"\"Variants of exercise {id}: `{name}`.\"\"\"

from course_utils.exercises.cases_{stem} import cases
from course_utils.exercises.recipes import Option, Recipe

{constant} = Recipe(
    id="{id}",
    # {todo}: put $one and $other where the options differ; `$here` will say how it differs from the lesson
    source='''
{source}
        ''',
    axes=(
        # {todo}: what can differ, the lesson's own option first; exercises/options.py has parts to build from
        (
            Option({{"one": "{todo}: what stands for $one in the lesson"}}),
{first}
{second}
        ),
        (
            Option({{"other": "{todo}: what stands for $other in the lesson"}}),
{third}
        ),
    ),
    cases=cases,
    # {todo}: mistakes, by name, whose three lines are true in every variant; `told=` tells others anew
    keep="todo-1 todo-2 todo-3 todo-4 todo-5",{names}
)
"""
OPTION = """            Option(
                {{"{blank}": "{todo}: what stands for ${blank} here"}},
                here="{todo}: what differs, as a clause: the weights are (inputs, outputs), not (outputs, inputs)",
                remedy="{todo}: what to try, told to who hands in the lesson's version.",
                to_course=lambda given: given,  # {todo}: from these arguments to the lesson's
                to_variant=lambda given: given,  # {todo}: and back
                from_course=lambda output, given: output,  # {todo}: from the lesson's output to this one's
            ),"""


def constant(outline: Outline) -> str:
    """Return the name of the recipe."""
    return snake_case(outline.name).upper()


def recipe_file(outline: Outline) -> str:
    """Return the text of the new `variants_NN_NAME.py`; the module that defines the reference is imported by now."""
    todo, (used, unknown) = outline.todo, _used(outline)
    options = {
        key: OPTION.format(blank=blank, todo=todo)
        for key, blank in {"first": "one", "second": "one", "third": "other"}.items()
    }
    names = "".join(f'"{name}": {name}, ' for name in used).rstrip(", ")
    lines = [f"\n    names={{{names}}},"] if used else []
    lines += [f"\n    # {todo}: a variant doesn't know `{name}`: write it out in the source" for name in unknown]
    text = FILE.format(
        **options,
        id=outline.id,
        name=outline.name,
        stem=outline.stem,
        constant=constant(outline),
        todo=todo,
        source=_source(outline),
        names="".join(lines),
    )
    for name, module in used.items():
        text = with_import(text, module, name)
    return text


def _source(outline: Outline) -> str:
    """Return the reference's text as a template inside a text, with `$here` in its docstring."""
    lines = outline.text.replace("\\", "\\\\").replace("'''", "\\'\\'\\'").replace("$", "$$").split("\n")
    end = outline.node.body[0].end_lineno
    one_line = outline.node.body[0].lineno == end
    inside = " " * outline.node.body[0].col_offset
    if one_line:
        lines[end - 1 : end] = [lines[end - 1].removesuffix('"""'), "", f"{inside}$here", f'{inside}"""']
    else:
        lines[outline.node.body[0].lineno : outline.node.body[0].lineno] = ["", f"{inside}$here"]
    return "\n".join(f"        {line}" if line else line for line in lines)


def _used(outline: Outline) -> tuple[dict[str, str], list[str]]:
    """Return the course's own that the reference uses, with their modules, and what can't be imported so."""
    space, used, unknown = vars(sys.modules[outline.module]), {}, []
    for name in sorted(free_names(outline.text) - {outline.name}):
        value = space.get(name)
        if (name not in space and hasattr(builtins, name)) or (name in NAMES and NAMES[name] is value):
            continue
        if isinstance(value, FunctionType | type) and value.__name__ == name and value.__module__.startswith(OWN):
            used[name] = value.__module__
        else:
            unknown.append(name)
    return used, unknown
