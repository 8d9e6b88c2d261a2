"""Small explorers of real maps: what the tests of the widgets stand on."""

import torch
from detrs import randomise
from torch import nn
from torch.nn.functional import avg_pool2d

from course_utils import data, detr_runs, scenes
from course_utils.models.attention import TransformerBlock
from course_utils.models.handmade import describe_patches, resemblance_attention
from course_utils.models.local_attention import inside, neighbourhoods
from course_utils.models.maps import attention_maps, one_image
from course_utils.widgets import (
    AttentionExplorer,
    AugRegExplorer,
    FloatExplorer,
    MatchingExplorer,
    MemoryExplorer,
    ReceptiveFieldExplorer,
    SequenceExplorer,
    Tokens,
    TradeoffExplorer,
    WindowExplorer,
)
from course_utils.widgets.detr import cross_explorer, encoder_explorer
from course_utils.widgets.tradeoff_rows import own_row, rows_of

P, GRID = 32, (9, 14)  # of the cat, 288 x 448 pixels
CLASS = Tokens(GRID, ("class token",))
QUERIES = Tokens(None, tuple(f"object query {number}" for number in range(1, 13)))
WIDTH, HEADS, TOKENS, DEPTH = 32, 4, 12, 3


class Tiny(nn.Module):
    """Transformer blocks over described patches, with `extra` tokens before them; random weights."""

    def __init__(self, seed: int, layers: int, extra: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.embed = nn.Linear(14, WIDTH)
        self.extra = nn.Parameter(torch.randn(1, extra, WIDTH))
        self.blocks = nn.ModuleList([TransformerBlock(WIDTH, HEADS) for _ in range(layers)])
        for block in self.blocks:  # untrained attention is almost even: sharper maps are easier to tell apart
            nn.init.normal_(block.attention.query.weight, std=0.3)
            nn.init.normal_(block.attention.key.weight, std=0.3)

    def forward(self, patches):
        tokens = torch.cat([self.extra.expand(len(patches), -1, -1), self.embed(patches)], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        return tokens


def described():
    """Return the cat's patches as a batch of one: (1, 126, 14)."""
    return describe_patches(data.photograph("cat"), P)[None]


def maps_of(seed, layers, extra=0):
    """Return the maps of one tiny model, layer by layer: (4, N, N)."""
    return [layer["attention"] for layer in one_image(attention_maps(Tiny(seed, layers, extra), described()))]


def handmade():
    """Return lesson 00's map: one layer, one head, 504 patches."""
    return resemblance_attention(describe_patches(data.photograph("cat"), 16))[None]


def cross_maps():
    """Return two layers of three heads in which 12 queries look at the patches."""
    torch.manual_seed(5)
    return [(3 * torch.randn(3, len(QUERIES), 126)).softmax(dim=-1) for _ in range(2)]


def influences():
    """Return how outputs depend on inputs, for three ways; random strengths where there are any."""
    torch.manual_seed(6)
    far = (torch.arange(TOKENS)[:, None] - torch.arange(TOKENS)).abs()
    masks = {
        "recurrent": [torch.ones(TOKENS, TOKENS).tril()] * DEPTH,
        "convolution": [far <= layer for layer in range(1, DEPTH + 1)],
        "self-attention": [torch.ones(TOKENS, TOKENS)] * DEPTH,
    }
    found = {way: [mask * torch.rand(TOKENS, TOKENS) for mask in layers] for way, layers in masks.items()}
    found["recurrent"][0][3, 2] = 1e-6  # too little to be shown, but there
    return found


STEPS = {"recurrent": TOKENS, "convolution": 1, "self-attention": 1}


def single():
    return AttentionExplorer(data.photograph("cat"), maps_of(0, layers=2), GRID, start=(4, 7))


def fine():
    return AttentionExplorer(data.photograph("cat"), [handmade()], (18, 28), start=(6, 11))


def pair():
    maps = {"first": maps_of(1, layers=1, extra=1), "second": maps_of(2, layers=1)}
    return AttentionExplorer(data.photograph("cat"), maps, {"first": CLASS, "second": Tokens(GRID)})


def cross():
    return AttentionExplorer(data.photograph("cat"), cross_maps(), QUERIES, Tokens(GRID))


def sequence():
    return SequenceExplorer(influences(), STEPS)


def memory():
    return MemoryExplorer()


def local_maps(image, side):
    """Return how much of its attention each pixel gives to neighbours of like colour, and to bright neighbours."""
    around = neighbourhoods(image[None, None], side)[0, 0]  # (3, K * K, H, W)
    unlike = (around - image[:, None]).square().sum(dim=0)
    scores = torch.stack([-40 * unlike, 10 * around.mean(dim=0)])
    scores = scores.masked_fill(~inside(*image.shape[1:], side), -torch.inf)
    return scores.softmax(dim=1).permute(0, 2, 3, 1).unflatten(3, (side, side))  # (2, H, W, K, K)


KERNEL = torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]])
SMALL_CAT = avg_pool2d(data.photograph("cat"), 16)  # (3, 18, 28)


def receptive():
    return ReceptiveFieldExplorer(SMALL_CAT, KERNEL, local_maps(SMALL_CAT, 3), start=(5, 9))


def augreg():
    return AugRegExplorer()


def floats():
    return FloatExplorer()


def windows():
    return WindowExplorer()


def matching():
    return MatchingExplorer()


# made up: accuracies of three seeds, parameters, MACs, images a second in training and at inference, seconds, bytes
TRADES = {
    "CNN": ("convolution", (0.884, 0.882, 0.887), 77_900, 1_910_000, (2310, 2295, 2350), 9100, (41.2, 40.1), 61e6),
    "Non-local CNN": ("both", (0.886, 0.8835, 0.889), 79_200, 2_130_000, (2010, 1990, 2040), 8200, (48.0, 47.2), 66e6),
    "SASA": ("attention", (0.861, 0.866, 0.858), 61_000, 2_530_000, (610, 600, 615), 2200, (150.1, 149.0), 140e6),
    "ViT": ("attention", (0.871, 0.868, 0.874), 204_000, 3_480_000, (1400, 1390, 1440), 5900, (70.0, 69.1), 88e6),
    "Hybrid ViT": ("both", (0.888, 0.891, 0.886), 178_000, 3_200_000, (1350, 1342, 1361), 5600, (71.3, 72.0), 90e6),
    "DeiT": ("attention", (0.879, 0.877, 0.8815), 205_000, 3_700_000, (1120, 1100, 1130), 5700, (90.2, 91.0), 91e6),
    "Swin": ("attention", (0.8825, 0.88, 0.884), 190_000, 3_900_000, (700, 688, 705), 3000, (140.2, 141.0), 120e6),
    "MViTv2": ("both", (0.885, 0.884, 0.889), 215_000, 4_300_000, (520, 515, 530), 2300, (190.0, 189.0), 160e6),
    "Mixer": ("MLP", (0.864, 0.862, 0.867), 162_000, 2_500_000, (1900, 1880, 1930), 7900, (50.2, 50.9), 71e6),
    "ResMLP": ("MLP", (0.866, 0.861, 0.868), 156_000, 2_500_000, (1950, 1940, 1966), 8000, (49.2, 49.6), 70e6),
    "gMLP": ("MLP", (0.869, 0.87, 0.8685), 171_000, 2_610_000, (1500, 1490, 1512), 6600, (66.6, 66.0), 80e6),
}
TRADE_KEYS = (
    *("accuracy", "parameters", "macs"),
    *("training images_per_s", "inference images_per_s", "cpu_seconds", "bytes"),
)


def trade_results():
    """Return made-up rows as `experiments.results` has them: one for each seed."""
    rows = []
    for arm, (_, *values) in TRADES.items():
        for seed in range(3):
            numbers = [value[seed % len(value)] if isinstance(value, tuple) else value for value in values]
            one = dict(zip(TRADE_KEYS, numbers, strict=True))
            rows.append({"arm": arm, "seed": seed, **one, "steps": 1300, "seconds": 80.0})
    return rows


def trade_rows():
    """Return the rows of eleven models, and the reader's own, whose speed and memory weren't measured."""
    numbers = {"accuracy": [0.8765, 0.8745], "parameters": 310_000, "macs": 5_200_000}
    mine = own_row("Wide ViT", "attention", numbers)
    return [*rows_of(trade_results(), {arm: family for arm, (family, *_) in TRADES.items()}), mine]


def tradeoff():
    return TradeoffExplorer(trade_rows())


def scene():
    """Return a scene (1, 64, 64), and a small DETR whose maps are sharp, though it isn't trained."""
    drawn = scenes.make_scenes(data.fashion_mnist(10, 10)[1], 1, torch.Generator().manual_seed(0))
    return drawn.images[0], randomise(detr_runs.variant("both", classes=10)).float()


def scene_cells():
    image, model = scene()
    return encoder_explorer(model, image, start=(2, 5))


def scene_queries():
    image, model = scene()
    return cross_explorer(model, image, data.FASHION_CLASSES, start=3)


ALL = (
    *(single, fine, pair, cross, sequence, memory, receptive, augreg, floats, windows, matching),
    *(tradeoff, scene_cells, scene_queries),
)
