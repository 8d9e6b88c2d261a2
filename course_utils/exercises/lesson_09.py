"""Lesson 9's exercises: token mixing, the Mixer block, the same as a convolution, gates, shifts, and the count."""

from course_utils.exercises import alternatives_09 as alternatives
from course_utils.exercises import cases_09 as cases
from course_utils.exercises import mistakes_09_block as block
from course_utils.exercises import mistakes_09_convolution as convolution
from course_utils.exercises import mistakes_09_counts as counts
from course_utils.exercises import mistakes_09_gate as gate
from course_utils.exercises import mistakes_09_shift as shift
from course_utils.exercises import mistakes_09_starts as starts
from course_utils.exercises import mistakes_09_tokens as tokens
from course_utils.exercises.registry import Exercise
from course_utils.models import gmlp, mixer, spatial_mlps, token_convolution

EXERCISES = (
    Exercise(
        id="9.1",
        reference=mixer.mix_tokens,
        cases=cases.tokens_and_layers,
        mistakes=tokens.TOKENS,
        hints=(
            "A linear layer works along the last axis. Which axis has to be the last one, so that tokens meet?",
            "`tokens.transpose(1, 2)` is (B, D, N): now every row is one channel, seen at all N places.",
            "`F.linear(x, *first)`, `F.gelu`, `F.linear(x, *second)`, and `transpose(1, 2)` once more.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.TOKENS,
    ),
    Exercise(
        id="9.2",
        reference=mixer.MixerBlock,
        cases=cases.tokens_for_blocks,
        mistakes=block.BLOCK,
        hints=(
            "It is a Transformer block with another layer in attention's place: norm, layer, sum, norm, MLP, sum.",
            "`__init__` makes `norm1`, `token_mlp = MLP(tokens, token_hidden)`, `norm2` and `channel_mlp = MLP(width, "
            "channel_hidden)`; the norms are over the width.",
            "The first line of `forward`: `tokens + self.token_mlp(self.norm1(tokens).transpose(1, 2)).transpose(1, "
            "2)`. The second one needs no turning.",
        ),
        minutes=8,
        difficulty=2,
        alternatives=alternatives.BLOCK,
    ),
    Exercise(
        id="9.3",
        reference=token_convolution.token_mixing_as_convolution,
        cases=cases.maps_and_layers,
        mistakes=convolution.CONVOLUTION,
        hints=(
            "A row of the first weight has N numbers, one for each place. What is it as a picture of H x W?",
            "`first[0].view(-1, 1, H, W)` are D_S kernels as large as the grid. With `groups=C` every channel needs "
            "them: `repeat(C, 1, 1, 1)`, and `first[1].repeat(C)` as the bias. That makes (B, C · D_S, 1, 1).",
            "The second convolution is 1 x 1: `second[0][:, :, None, None].repeat(C, 1, 1, 1)`, with `groups=C` too. "
            "It makes (B, C · N, 1, 1), and `view(B, C, H, W)` puts it on the grid.",
        ),
        minutes=12,
        difficulty=4,
        alternatives=alternatives.CONVOLUTION,
    ),
    Exercise(
        id="9.4",
        reference=gmlp.SpatialGate,
        cases=cases.features_for_gates,
        mistakes=starts.STARTS + gate.GATE,
        hints=(
            "Two halves of the channels: one passes, the other one becomes its gate.",
            "The gate's way: norm, turn, `token_layer`, turn back. `__init__` makes `nn.LayerNorm(hidden // 2)` and "
            "`nn.Linear(tokens, tokens)`, then `nn.init.normal_(..., std=1e-6)` for the weight, `nn.init.ones_` for "
            "the bias.",
            "`passed, gate = features.chunk(2, dim=-1)`; the last line is `return passed * gate`.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.GATE,
        starts=("token_layer.bias", "token_layer.weight"),
    ),
    Exercise(
        id="9.5",
        reference=spatial_mlps.spatial_shift,
        cases=cases.grids,
        mistakes=shift.SHIFT,
        hints=(
            "`grid.chunk(4, dim=-1)` cuts the channels into quarters. In which order do the four directions come?",
            "Whoever reads the left neighbour gets columns 0, 0, 1, 2, ...: the first one twice, the last one never.",
            "`torch.cat([left[:, :, :1], left[:, :, :-1]], dim=2)` for the first quarter; axis 1 for the last two.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.SHIFT,
    ),
    Exercise(
        id="9.6",
        reference=mixer.mixer_parameters,
        cases=cases.sizes,
        mistakes=counts.PARAMETERS,
        hints=(
            "Make a list: the patches' projection; in each block two norms and two MLPs; a norm; the head. What does a "
            "ViT have that is missing here?",
            "A linear layer from a to b has (a + 1) b numbers, a norm 2 D. One MLP serves all channels.",
            "The MLP across the tokens has (N + 1) D_S + (D_S + 1) N numbers, the one across the channels (D + 1) D_C "
            "+ (D_C + 1) D, the two norms 4 D.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.PARAMETERS,
        differentiable=False,
    ),
)
