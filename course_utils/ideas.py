"""Which idea of which paper sits in which model of the course: `data/tables/ideas.csv`, and what it adds up to.

An idea is new in a model if it comes from the model's own paper, else inherited. `tests/test_ideas.py` looks for every
idea in the models as they are built.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from course_utils.data import table

TABLE = "ideas"
NEW, INHERITED, PAPER, CODE = "new", "inherited", "paper", "code"  # what an idea may be in a model


@dataclass(frozen=True)
class IdeaModel:
    """One column of the map.

    Attributes:
        column: its name in the table.
        title: as figures call it.
        year: of its paper, as the course cites it.
        paper: as the table's column `paper` names it; none for the course's own detector.
    """

    column: str
    title: str
    year: int
    paper: str | None


MODELS = (
    IdeaModel("resnet", "ResNet", 2016, "He et al. 2016"),
    IdeaModel("non_local", "non-local net", 2018, "Wang et al. 2018"),
    IdeaModel("lr_net", "LR-Net", 2019, "Hu et al. 2019"),
    IdeaModel("sasa", "SASA", 2019, "Ramachandran et al. 2019"),
    IdeaModel("detr", "DETR", 2020, "Carion et al. 2020"),
    IdeaModel("vit", "ViT", 2021, "Dosovitskiy et al. 2021"),
    IdeaModel("hybrid", "hybrid ViT", 2021, "Dosovitskiy et al. 2021"),
    IdeaModel("deit", "DeiT", 2021, "Touvron et al. 2021 (DeiT)"),
    IdeaModel("swin", "Swin", 2021, "Liu et al. 2021 (Swin)"),
    IdeaModel("mixer", "MLP-Mixer", 2021, "Tolstikhin et al. 2021"),
    IdeaModel("resmlp", "ResMLP", 2021, "Touvron et al. 2021 (ResMLP)"),
    IdeaModel("gmlp", "gMLP", 2021, "Liu et al. 2021 (gMLP)"),
    IdeaModel("swin_v2", "Swin V2", 2022, "Liu et al. 2022 (Swin V2)"),
    IdeaModel("mvit", "MViTv2", 2022, "Li et al. 2022"),
    IdeaModel("small_detr", "our small DETR", 2022, None),
)


class Heritage(NamedTuple):
    """How many ideas a model inherits, and how many come from its own paper."""

    inherited: int
    new: int


def ideas() -> list[dict[str, str]]:
    """Return the table's rows, by year: `idea`, `what`, `paper`, `year`, `section`, `lesson`, and a column a model.

    A model has an idea in both its paper and our code ("yes"), in the paper's training or variant only ("paper"), in
    our code only ("code"), or not ("no").

    Raises:
        DataFileError: the table is missing, truncated or altered.
    """
    return table(TABLE)


def kind(row: Mapping[str, str], model: IdeaModel) -> str | None:
    """Return what an idea is in a model: "new", "inherited", "paper", "code", or none where it isn't there."""
    cell = row[model.column]
    if cell == "yes":
        return NEW if row["paper"] == model.paper else INHERITED
    return None if cell == "no" else cell


def heritage(rows: Sequence[Mapping[str, str]], model: IdeaModel) -> Heritage:
    """Count the ideas of a model as published; those that only our code has don't count."""
    kinds = [kind(row, model) for row in rows]
    return Heritage(kinds.count(INHERITED) + kinds.count(PAPER), kinds.count(NEW))


def heritage_sentence(rows: Sequence[Mapping[str, str]]) -> str:
    """Say how much is inherited: over all models, and in the one with the most new ideas."""
    counts = {model.title: heritage(rows, model) for model in MODELS}
    inherited, new = (sum(numbers) for numbers in zip(*counts.values(), strict=True))
    most = max(count.new for count in counts.values())
    at_most = [title for title, count in counts.items() if count.new == most]
    return (
        f"{len(rows)} ideas in {len(MODELS)} models: of {inherited + new} places where a model has one, {inherited} "
        f"are inherited and {new} come from the model's own paper; no model brings more than {most} "
        f"({', '.join(at_most)})."
    )
