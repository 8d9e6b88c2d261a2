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
    WindowExplorer,
)
from course_utils.widgets.detr import cross_explorer, encoder_explorer

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
    *(scene_cells, scene_queries),
)
