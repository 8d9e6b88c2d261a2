"""MLP-Mixer and its relatives: layers across the tokens take the place of attention.

Tolstikhin et al. 2021 (MLP-Mixer), Touvron et al. 2021 (ResMLP), Liu et al. 2021 (gMLP). Notation: `B` batch, `N`
tokens, `D` width, `D_S` and `D_C` hidden widths of the MLPs across tokens and across channels, `P` side of a patch.
"""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.attention import MLP
from course_utils.models.patches import PatchEmbed

# weight (outputs, inputs) and bias (outputs,) of a linear layer
Layer = tuple[Tensor, Tensor]


def mix_tokens(tokens: Tensor, first: Layer, second: Layer) -> Tensor:
    """Send every channel, as a vector of N numbers, through one and the same MLP.

    Args:
        tokens: (B, N, D).
        first: weight (D_S, N) and bias (D_S,).
        second: weight (N, D_S) and bias (N,).

    Returns:
        (B, N, D): W_2 gelu(W_1 x) for each column x of the table of tokens.
        Tolstikhin et al. 2021, equation 1, without its norm and its sum.
    """
    channels = tokens.transpose(1, 2)  # (B, D, N)
    hidden = F.gelu(F.linear(channels, *first))  # (B, D, D_S)
    return F.linear(hidden, *second).transpose(1, 2)  # (B, N, D)


class MixerBlock(nn.Module):
    """An MLP across the tokens, then an MLP across the channels, both as residuals.

    A Transformer block with `mix_tokens` in attention's place: Tolstikhin et al. 2021,
    equation 1.

    Args:
        tokens: N.
        width: D.
        token_hidden: D_S.
        channel_hidden: D_C.
    """

    def __init__(self, tokens: int, width: int, token_hidden: int, channel_hidden: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.token_mlp = MLP(tokens, token_hidden)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.channel_mlp = MLP(width, channel_hidden)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D)."""
        channels = self.norm1(tokens).transpose(1, 2)  # (B, D, N)
        tokens = tokens + self.token_mlp(channels).transpose(1, 2)
        return tokens + self.channel_mlp(self.norm2(tokens))


class AllMLP(nn.Module):
    """What the family shares: patches, blocks, a norm, the mean of all tokens, a head.

    There are neither positions nor a class token: a layer across the tokens has weights
    of its own for each place.

    Args:
        side: H = W of the images.
        patch: P, a divisor of `side`.
        width: D.
        layers: how many blocks.
        classes: how many logits come out.
        block: makes one block from the number of tokens.
        channels: C.
        norm: behind the last block; a layer norm if none.
    """

    def __init__(
        self,
        side: int,
        patch: int,
        width: int,
        layers: int,
        classes: int,
        block: Callable[[int], nn.Module],
        channels: int = 3,
        norm: nn.Module | None = None,
    ):
        super().__init__()
        self.side, tokens = side, (side // patch) ** 2
        self.patch_embed = PatchEmbed(patch, channels, width)
        self.blocks = nn.Sequential(*[block(tokens) for _ in range(layers)])
        self.norm = norm or nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) of images (B, C, H, W).

        Raises:
            ValueError: the images have another size, for which there are no weights.
        """
        size, own = tuple(images.shape[2:]), (self.side, self.side)
        if size != own:
            raise ValueError(f"the weights are for images of {own}, not {size}: resize")
        tokens = self.blocks(self.patch_embed(images))  # (B, N, D)
        return self.head(self.norm(tokens).mean(dim=1))


class MLPMixer(AllMLP):
    """MLP-Mixer: Tolstikhin et al. 2021, section 2.

    Args:
        side, patch, width, layers, classes, channels: as for `AllMLP`.
        token_hidden: D_S.
        channel_hidden: D_C.
    """

    def __init__(
        self,
        side: int,
        patch: int,
        width: int,
        layers: int,
        token_hidden: int,
        channel_hidden: int,
        classes: int,
        channels: int = 3,
    ):
        def block(tokens: int) -> MixerBlock:
            return MixerBlock(tokens, width, token_hidden, channel_hidden)

        super().__init__(side, patch, width, layers, classes, block, channels)


def mixer_parameters(
    side: int,
    patch: int,
    width: int,
    layers: int,
    token_hidden: int,
    channel_hidden: int,
    classes: int,
    channels: int = 3,
) -> int:
    """Return how many numbers an MLP-Mixer learns.

    Args:
        side, patch, width, layers, classes, channels: as for `AllMLP`.
        token_hidden, channel_hidden: D_S and D_C.
    """
    N, D = (side // patch) ** 2, width
    token_mlp = (N + 1) * token_hidden + (token_hidden + 1) * N
    channel_mlp = (D + 1) * channel_hidden + (channel_hidden + 1) * D
    block = token_mlp + channel_mlp + 4 * D  # a norm has 2 D
    embedding = (channels * patch**2 + 1) * D
    return embedding + layers * block + 2 * D + (D + 1) * classes


def mixer_macs(
    side: int,
    patch: int,
    width: int,
    layers: int,
    token_hidden: int,
    channel_hidden: int,
    classes: int,
    channels: int = 3,
) -> int:
    """Return the multiply-adds of an MLP-Mixer's matrix products for one image.

    Norms and biases aren't counted.

    Args:
        side, patch, width, layers, classes, channels: as for `AllMLP`.
        token_hidden, channel_hidden: D_S and D_C.
    """
    N, D = (side // patch) ** 2, width
    block = 2 * N * D * (token_hidden + channel_hidden)
    return N * channels * patch**2 * D + layers * block + D * classes


def mixer_b16(classes: int = 1000) -> MLPMixer:
    """Mixer-B/16 for 224 x 224: Tolstikhin et al. 2021, table 1."""
    return MLPMixer(224, 16, 768, 12, 384, 3072, classes)
