"""The usual mistakes of exercise 5.2, continued: how the Vision Transformer's parts are made."""

from torch import nn

from course_utils.exercises.mistakes_05_vit import InSteps
from course_utils.exercises.registry import Mistake


class _OtherEpsilon(InSteps):
    def __init__(self, side, patch, width, heads, layers, classes, channels=3, block=None):
        super().__init__(side, patch, width, heads, layers, classes, channels, block)
        self.norm = nn.LayerNorm(width)


class _BlockIgnored(InSteps):
    def __init__(self, side, patch, width, heads, layers, classes, channels=3, block=None):
        super().__init__(side, patch, width, heads, layers, classes, channels)


class _OneBlock(InSteps):
    def __init__(self, side, patch, width, heads, layers, classes, channels=3, block=None):
        super().__init__(side, patch, width, heads, layers, classes, channels, block)
        self.blocks = nn.ModuleList([self.blocks[0]] * layers)


class _OneBlockByDefault(InSteps):
    def __init__(self, side, patch, width, heads, layers, classes, channels=3, block=None):
        super().__init__(side, patch, width, heads, layers, classes, channels, block)
        if block is None:
            self.blocks = nn.ModuleList([self.blocks[0]] * layers)


class _NumbersFromOne(InSteps):
    def __init__(self, side, patch, width, heads, layers, classes, channels=3, block=None):
        later = block and (lambda layer: block(layer + 1))
        super().__init__(side, patch, width, heads, layers, classes, channels, later)


ONE_BLOCK = (
    "All layers are one and the same block.",
    "A block was made once and listed L times, so there is only one set of weights.",
    "Make a new block for each layer, inside the list: `[... for layer in range(layers)]`.",
)
PARTS = (
    Mistake(
        "epsilon",
        _OtherEpsilon,
        "The last norm has another epsilon than 1e-6.",
        "`nn.LayerNorm` takes 1e-5 unless it is told; where tokens are small, that number counts.",
        "Give `nn.LayerNorm` its `eps`.",
    ),
    Mistake(
        "block-ignored",
        _BlockIgnored,
        "`block` is ignored: the layers are always `TransformerBlock`.",
        "The argument is never asked; lesson 06 puts other blocks in with it.",
        "Make layer number n by `block(n)`, and by `TransformerBlock(width, heads)` only where `block` is None.",
    ),
    Mistake("one-block", _OneBlock, *ONE_BLOCK),
    Mistake("one-block-by-default", _OneBlockByDefault, *ONE_BLOCK),
    Mistake(
        "numbers-from-one",
        _NumbersFromOne,
        "`block` is called with 1 to L.",
        "Layers are counted from 0, as everything in Python.",
        "Loop over `range(layers)`.",
    ),
)
