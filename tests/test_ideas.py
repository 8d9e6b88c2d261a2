"""The map of ideas: every tick is looked for in the model as it is built, and the figure says what the table says."""

import csv
import io
import re

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils import ideas, plots
from course_utils.evolution_figures import idea_map
from course_utils.files import DATA
from course_utils.ideas import MODELS, Heritage, IdeaModel, heritage, kind
from course_utils.image_runs import non_local
from course_utils.lessons import LESSONS
from course_utils.models import (
    attention,
    build,
    conv,
    deit,
    detr,
    detr_variants,
    frozen_resnet,
    gmlp,
    local_layers,
    mixer,
    mvit,
    patches,
    regularise,
    resmlp,
    set_loss,
    shifted_windows,
    sine_positions,
    small_detr,
    swin,
    swin_v2,
    vit,
)
from course_utils.models import non_local as non_local_file
from course_utils.recipe_runs import small_hybrid

ROWS = ideas.ideas()
OFFICIAL = {
    "resnet": lambda: build("resnet50"),
    "non_local": lambda: conv.SmallResNet(non_local),
    "lr_net": lambda: build("lr_net_50"),
    "sasa": lambda: build("sasa_50"),
    "detr": lambda: build("detr_resnet50"),
    "vit": lambda: build("vit_b_16"),
    "hybrid": small_hybrid,
    "deit": lambda: build("deit_small_distilled"),
    "swin": lambda: build("swin_t"),
    "mixer": lambda: build("mixer_b16"),
    "resmlp": lambda: build("resmlp_12"),
    "gmlp": lambda: build("gmlp_s16"),
    "swin_v2": lambda: build("swin_v2_t"),
    "mvit": lambda: build("mvitv2_tiny"),
    "small_detr": small_detr.small_detr,
}
SIZES = {"non_local": (1, 28), "hybrid": (1, 28), "small_detr": (1, 64)}  # channels and side; else 3 and 224
CNN_BLOCKS = conv.Bottleneck, conv.BasicBlock, non_local_file.NonLocalBlock
TOKEN_BLOCKS = (
    *(attention.TransformerBlock, detr.EncoderLayer, detr.DecoderLayer, swin.SwinBlock, mvit.MViTBlock),
    *(mixer.MixerBlock, resmlp.ResMLPBlock, gmlp.GatedMLPBlock),
)


MLPS = "mlp", "channel_mlp"  # not `token_mlp`


class Means(TorchDispatchMode):
    """Note whether a mean over positions is taken."""

    found = False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.found |= func is torch.ops.aten.mean.dim and args[0].ndim > 2
        return func(*args, **(kwargs or {}))


class Seen:
    """A model on the meta device, which has shapes and no numbers, and what happened when it ran once."""

    def __init__(self, column):
        with torch.device("meta"):
            self.model = OFFICIAL[column]().eval()
            channels, side = SIZES.get(column, (3, 224))
            image = torch.empty(1, channels, side, side)
        self.passed = {}
        hooks = [m.register_forward_hook(self.note) for m in self.model.modules()]
        with torch.no_grad(), Means() as means:
            self.output = self.model(image)
        self.takes_mean = means.found
        for hook in hooks:
            hook.remove()

    def note(self, module, given, made):
        self.passed[module] = given, made

    def all(self, *kinds):
        return [module for module in self.model.modules() if isinstance(module, kinds)]

    def has(self, *kinds):
        return bool(self.all(*kinds))

    def named(self, *names):
        """Whether a module or a parameter has one of these names."""
        parts = [*dict(self.model.named_modules()), *dict(self.model.named_parameters())]
        return any(name.split(".")[-1] in names for name in parts)

    def sizes(self):
        """Return positions and channels behind each block, in order."""
        for block in self.all(*CNN_BLOCKS, *TOKEN_BLOCKS):
            shape = self.passed[block][1].shape
            channels = shape[1] if isinstance(block, CNN_BLOCKS) else shape[-1]
            yield shape.numel() // channels, channels

    def norms(self):
        """Return block, what went into it and came out, and the same of each of its layer norms and other parts."""
        for block in self.all(*TOKEN_BLOCKS):
            parts = [part for part in block.children() if part in self.passed]
            norms = [self.passed[part] for part in parts if isinstance(part, nn.LayerNorm)]
            others = [self.passed[part][1] for part in parts if not isinstance(part, nn.LayerNorm)]
            yield self.passed[block][0][0], self.passed[block][1], norms, others


def shrinks(seen):
    sizes = list(seen.sizes())
    return any(a[0] > b[0] and a[1] < b[1] for i, a in enumerate(sizes) for b in sizes[i:])


def on_each_token(seen):
    """Whether a block has two linear layers that read the tokens' channels."""
    mlps = [part for block in seen.all(*TOKEN_BLOCKS) for name, part in block.named_children() if name in MLPS]
    return any(sum(isinstance(part, nn.Linear) for part in mlp) == 2 for mlp in mlps)


def has_queries(seen):
    found = [p for name, p in seen.model.named_parameters() if name in ("decoder.queries", "queries.reference")]
    return bool(found) and found[0].ndim == 2


def several_heads(seen):
    heads = [module.heads for module in seen.model.modules() if hasattr(module, "heads")]
    return max(heads, default=1) > 1 or any(m.query.out_channels > 1 for m in seen.all(local_layers.LocalRelation))


WAVES = sine_positions.sine_positions, small_detr.centre_positions
LOCAL = local_layers.LocalAttention, local_layers.LocalRelation
FOUND = {
    "convolution": lambda s: any(max(m.kernel_size) > max(m.stride) for m in s.all(nn.Conv2d)),
    "stages": shrinks,
    "mean pooling": lambda s: s.takes_mean,
    "batch norm": lambda s: s.has(nn.BatchNorm2d, frozen_resnet.FrozenBatchNorm2d),
    "distillation": lambda s: s.named("head_dist"),
    "bottleneck block": lambda s: s.has(conv.Bottleneck),
    "layer norm": lambda s: s.has(nn.LayerNorm),
    "GELU": lambda s: s.has(nn.GELU),
    "stochastic depth": lambda s: s.has(regularise.StochasticDepth),
    "bipartite matching": lambda s: isinstance(s.output, dict) and {"pred_logits", "pred_boxes"} <= s.output.keys(),
    "gate": lambda s: s.has(gmlp.SpatialGate),
    "learned positions": lambda s: s.named("pos_embed"),
    "attention over all places": lambda s: s.has(
        attention.MultiHeadAttention, non_local_file.NonLocalBlock, mvit.PoolingAttention
    ),
    "several heads": several_heads,
    "cross-attention": lambda s: s.named("cross"),
    "an MLP on each token": on_each_token,
    "norm behind the sum": lambda s: any(made is out for _, out, norms, _ in s.norms() for _, made in norms),
    "sine positions": lambda s: getattr(getattr(s.model, "encoder", None), "positions", None) in WAVES,
    "attention inside a CNN": lambda s: s.has(non_local_file.NonLocalBlock),
    "relative vectors": lambda s: s.has(local_layers.LocalAttention) or s.named("rel_pos_h"),
    "attention nearby": lambda s: s.has(*LOCAL),
    "no 3 x 3 convolutions": lambda s: any(isinstance(block.mix[0], LOCAL) for block in s.all(conv.Bottleneck)),
    "relative bias": lambda s: s.has(
        swin.RelativePositionBias, swin_v2.ContinuousPositionBias, local_layers.LocalRelation
    ),
    "bias from a network": lambda s: s.has(swin_v2.ContinuousPositionBias, local_layers.LocalRelation),
    "class token": lambda s: s.named("cls_token"),
    "norm before the branch": lambda s: any(g[0] is given for given, _, norms, _ in s.norms() for g, _ in norms),
    "Transformer behind a CNN": lambda s: s.has(*CNN_BLOCKS) and s.has(*TOKEN_BLOCKS),
    "cosine attention": lambda s: s.named("logit_scale"),
    "object queries": has_queries,
    "patches as tokens": lambda s: s.has(patches.PatchEmbed),
    "distillation token": lambda s: s.named("dist_token"),
    "LayerScale": lambda s: s.named("scale1"),
    "windows": lambda s: s.has(shifted_windows.ShiftedWindows),
    "shifted windows": lambda s: any(m.shift > 0 for m in s.all(shifted_windows.ShiftedWindows)),
    "patch merging": lambda s: s.has(swin.PatchMerging),
    "pooling attention": lambda s: s.has(mvit.PoolingAttention),
    "layers across tokens": lambda s: s.named("token_mlp", "token_layer"),
    "affine for norm": lambda s: s.has(resmlp.Affine),
    "spatial gate": lambda s: s.has(gmlp.SpatialGate),
    "refined boxes": lambda s: s.has(detr_variants.ReferenceBoxes),
    "conditional cross-attention": lambda s: s.has(detr_variants.ConditionalCross),
    "norm on the branch": lambda s: any(
        given[0] is part for _, _, norms, others in s.norms() for given, _ in norms for part in others
    ),
    "log-spaced offsets": lambda s: s.has(swin_v2.ContinuousPositionBias),
    "decomposed positions": lambda s: s.named("rel_pos_h") and s.named("rel_pos_w"),
    "residual pooling": lambda s: s.has(mvit.ImprovedPoolingAttention),
    "boxes as queries": lambda s: s.has(detr_variants.ReferenceBoxes),
}


@pytest.fixture(scope="module", params=OFFICIAL)
def column(request):
    return request.param, Seen(request.param)


def test_every_idea_but_one_is_looked_for():
    assert {row["idea"] for row in ROWS} - FOUND.keys() == {"residual connection"} and len(FOUND) == len(ROWS) - 1
    assert list(OFFICIAL) == [model.column for model in MODELS] == list(ROWS[0])[6:]


def test_ticks_are_what_the_model_has(column):
    name, seen = column
    wrong = {}
    for row in ROWS:
        if row["idea"] in FOUND:
            is_there = bool(FOUND[row["idea"]](seen))
            if is_there != (row[name] in ("yes", "code")):
                wrong[row["idea"]] = f"the table says {row[name]}, the model {is_there}"
    assert wrong == {}


# residual connections: with every weight at 0 but those of norms, a block still passes on what it reads

STAGE = (conv.Stage(2, 16, 64),)
PARTS = {"width": 16, "heads": 2, "hidden": 32}
TINY = {
    "resnet": lambda: conv.ResNet(STAGE, conv.convolution_stem(), conv.convolution, 10),
    "non_local": lambda: conv.SmallResNet(non_local),
    "lr_net": lambda: conv.ResNet(STAGE, conv.relation_stem(), local_layers.LocalRelation, 10),
    "sasa": lambda: conv.ResNet(STAGE, conv.convolution_stem(), local_layers.LocalAttention, 10),
    "detr": lambda: detr.DETR(
        nn.Conv2d(3, 8, 7, 7),
        detr.Encoder(8, 16, [detr.EncoderLayer(**PARTS)]),
        detr.Decoder(3, 16, [detr.DecoderLayer(**PARTS)]),
        *(16, 4),
    ),
    "vit": lambda: vit.VisionTransformer(28, 7, 16, 2, 2, 10),
    "hybrid": small_hybrid,
    "deit": lambda: deit.DistilledViT(28, 7, 16, 2, 2, 10),
    "swin": lambda: swin.SwinTransformer(4, 16, (2,), (2,), 4, 10),
    "mixer": lambda: mixer.MLPMixer(28, 7, 16, 2, 8, 32, 10),
    "resmlp": lambda: resmlp.ResMLP(16, 32, side=28, patch=7, layers=2, classes=10),
    "gmlp": lambda: gmlp.GatedMLP(16, 32, side=28, patch=7, layers=2, classes=10),
    "swin_v2": lambda: swin_v2.SwinTransformerV2(4, 16, (2,), (2,), 4, 10),
    "mvit": lambda: mvit.MViT((28, 28), 4, 16, (2,), (2,), 10),
    "small_detr": small_detr.small_detr,
}


@torch.no_grad()
def passes_on(block, given):
    """Whether what comes out of a block without weights depends on what goes in."""
    norms = nn.LayerNorm, nn.BatchNorm2d
    kept = {id(p) for module in block.modules() if isinstance(module, norms) for p in module.parameters()}
    for parameter in block.parameters():
        parameter.mul_(id(parameter) in kept)
    first = given[0].abs() + 0.1 * torch.rand_like(given[0])  # above 0, where a ReLU lets it pass
    other = first + torch.rand_like(first)
    return not torch.allclose(block(first, *given[1:]), block(other, *given[1:]), atol=1e-3)


@pytest.mark.parametrize("name", TINY)
def test_every_block_has_a_residual_connection(name):
    row = next(row for row in ROWS if row["idea"] == "residual connection")
    torch.manual_seed(0)
    model, found = TINY[name]().eval(), []
    hooks = [
        module.register_forward_hook(lambda block, given, made: found.append((block, given, made)))
        for module in model.modules()
        if isinstance(module, CNN_BLOCKS + TOKEN_BLOCKS)
    ]
    channels, side = SIZES.get(name, (3, 28))
    with torch.no_grad():
        model(torch.randn(2, channels, side, side))
    for hook in hooks:
        hook.remove()
    same = [(block, given) for block, given, made in found if given[0].shape == made.shape]
    assert same and row[name] == "yes" and all(passes_on(block, given) for block, given in same)


def test_that_check_finds_a_missing_residual():
    class Plain(attention.TransformerBlock):
        def forward(self, tokens):
            return self.mlp(self.norm2(self.attention(self.norm1(tokens))))

    assert not passes_on(Plain(8, 2), (torch.randn(1, 5, 8),))
    assert passes_on(attention.TransformerBlock(8, 2), (torch.randn(1, 5, 8),))


def test_what_detectors_return_is_matched_in_any_order():
    torch.manual_seed(0)
    made = small_detr.small_detr()(torch.randn(1, 1, 64, 64))
    boxes, labels = 0.2 + 0.3 * torch.rand(4, 4), torch.tensor([0, 2, 2, 4])
    loss = set_loss.SetLoss(5)
    losses = [loss(made, [set_loss.Targets(labels[o], boxes[o])]).item() for o in (torch.arange(4), torch.randperm(4))]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


# the table


def test_rows_are_in_order_and_complete():
    years = [int(row["year"]) for row in ROWS]
    assert years == sorted(years) and len({row["idea"] for row in ROWS}) == len(ROWS)
    assert all(re.search(r"\b(\d{4})\b", row["paper"])[1] == row["year"] for row in ROWS)
    assert all(row["what"] and row["section"] for row in ROWS)
    assert {row[model.column] for row in ROWS for model in MODELS} == {"yes", "no", "paper", "code"}
    assert {row["lesson"] for row in ROWS} <= {lesson.number for lesson in LESSONS}
    assert [model.year for model in MODELS] == sorted(model.year for model in MODELS)


def test_no_model_has_an_idea_of_a_later_paper():
    for model in MODELS:
        for row in ROWS:
            assert kind(row, model) is None or int(row["year"]) <= model.year, (row["idea"], model.title)


def test_heritage_is_counted_by_hand():
    model = IdeaModel("m", "M", 2021, "A 2021")
    papers = [("A 2021", "yes"), ("A 2021", "no"), ("B 2017", "yes"), ("B 2017", "paper"), ("C 2018", "code")]
    rows = [{"paper": paper, "m": cell} for paper, cell in papers]
    assert [kind(row, model) for row in rows] == ["new", None, "inherited", "paper", "code"]
    assert heritage(rows, model) == Heritage(inherited=2, new=1)


def test_most_ideas_of_every_model_are_inherited():
    text = (DATA / "tables" / "ideas.csv").read_text(encoding="utf-8")
    lines = list(csv.reader(io.StringIO(text)))[1:]
    inherited = new = 0
    for place, model in enumerate(MODELS, start=6):
        there = [line[2] for line in lines if line[place] in ("yes", "paper")]
        own = there.count(model.paper)
        assert heritage(ROWS, model) == (len(there) - own, own)
        assert own < len(there) - own, model.title
        inherited, new = inherited + len(there) - own, new + own
    said = ideas.heritage_sentence(ROWS)
    assert f"of {inherited + new} places where a model has one, {inherited} are inherited and {new} come" in said


# the figure


def test_the_map_fits_a_notebook_and_marks_every_tick():
    figure = idea_map(ROWS)
    counts, marks = figure.axes
    assert figure.get_figwidth() * plots.PIXELS_PER_INCH <= 900
    lines = [line for line in marks.lines if not line.get_label().startswith("_")]
    drawn = {line.get_label(): len(line.get_xdata()) for line in lines}
    kinds = [kind(row, model) for row in ROWS for model in MODELS]
    assert sorted(drawn.values()) == sorted(kinds.count(k) for k in ("new", "inherited", "paper", "code"))
    heights = [sum(bar.get_height() for bar in group) for group in counts.containers]
    assert heights == [sum(part) for part in zip(*(heritage(ROWS, m) for m in MODELS), strict=True)]
    assert [label.get_text() for label in marks.get_yticklabels()] == [row["idea"] for row in ROWS]


def test_no_label_of_the_map_covers_another():
    figure = idea_map(ROWS)
    FigureCanvasAgg(figure).draw()
    marks = figure.axes[1]
    for texts in (marks.get_yticklabels(), marks.texts):
        boxes = [text.get_window_extent() for text in texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
        assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
