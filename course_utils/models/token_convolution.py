"""Is MLP-Mixer "just a weird CNN"? Its token mixing as a convolution, exactly, and as the lecture writes it.

Notation: `B` batch, `C` channels, `H W` the grid of tokens, `N = H W`, `D_S` hidden width of the MLP across tokens.
"""

from torch import Tensor
from torch.nn import functional as F

from course_utils.models.mixer import Layer


def token_mixing_as_convolution(
    features: Tensor,
    first: Layer,
    second: Layer,
) -> Tensor:
    """Mix tokens by two convolutions: a kernel as large as the grid, then 1 x 1.

    Each channel is a group of its own, and all groups have the same filters.

    Args:
        features: (B, C, H, W), the tokens as a feature map.
        first: weight (D_S, N) and bias (D_S,).
        second: weight (N, D_S) and bias (N,).

    Returns:
        (B, C, H, W): what `mix_tokens` computes. Tolstikhin et al. 2021, section 1,
        call it a depth-wise convolution of full receptive field with shared parameters.
    """
    B, C, H, W = features.shape
    weight1 = first[0].view(-1, 1, H, W).repeat(C, 1, 1, 1)  # (C * D_S, 1, H, W)
    weight2 = second[0][:, :, None, None].repeat(C, 1, 1, 1)  # (C * N, D_S, 1, 1)
    hidden = F.conv2d(features, weight1, first[1].repeat(C), groups=C)
    mixed = F.conv2d(F.gelu(hidden), weight2, second[1].repeat(C), groups=C)
    return mixed.view(B, C, H, W)  # from (B, C * N, 1, 1)


def depthwise_convolution(features: Tensor, kernels: Tensor) -> Tensor:
    """Compute what the lecture writes: Conv(sqrt N x sqrt N, C -> C, groups = C).

    The image is padded with zeros, so that it keeps its size.

    Args:
        features: (B, C, H, W).
        kernels: (C, H, W), one for each channel.

    Returns:
        (B, C, H, W): an input counts by its offset from the output alone.
    """
    C, H, W = kernels.shape
    padding = ((W - 1) // 2, W // 2, (H - 1) // 2, H // 2)  # as "same", which warns
    return F.conv2d(F.pad(features, padding), kernels[:, None], groups=C)


def mixing_weights(tokens: int, token_hidden: int, channels: int) -> dict[str, int]:
    """Count the weights of one block's token mixing, without biases, in three ways.

    Args:
        tokens: N.
        token_hidden: D_S.
        channels: C.

    Returns:
        "shared filters" are MLP-Mixer's; "own filters" the same convolutions, of which
        each channel has its own; "as written" the lecture's single convolution.
    """
    shared = 2 * tokens * token_hidden
    own, written = channels * shared, channels * tokens
    return {"shared filters": shared, "own filters": own, "as written": written}
