"""Two layers of local attention for a ResNet: stand-alone self-attention, and the local relation layer.

Notation: `B` batch, `C` channels, `h` heads, `K` side of the neighbourhood, `H W` the image.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.local_attention import inside, local_attention, local_scores, weigh_shifts


class LocalAttention(nn.Module):
    """The stand-alone self-attention layer of Ramachandran et al. 2019, section 3, in place of a K x K convolution.

    Args:
        channels: C, in and out.
        stride: 2 halves the image by the mean of 2 x 2 outputs.
        heads: h; the width of a head, C / h, is even: one half tells rows apart, the other columns.
        side: K.
    """

    def __init__(self, channels: int, stride: int = 1, heads: int = 8, side: int = 7):
        super().__init__()
        if channels % (2 * heads):
            raise ValueError(f"{channels} channels are not a multiple of 2 x {heads} heads: change one of them")
        self.heads, self.side, self.stride = heads, side, stride
        self.query, self.key, self.value = (nn.Conv2d(channels, channels, 1, bias=False) for _ in range(3))
        half = channels // heads // 2
        self.rows = nn.Parameter(torch.randn(heads, half, side, 1) * half**-0.5)
        self.columns = nn.Parameter(torch.randn(heads, half, 1, side) * half**-0.5)

    def relative(self) -> Tensor:
        """Return the vector of every offset, (h, d, K, K): a row's half above a column's."""
        shape = (-1, -1, self.side, self.side)
        return torch.cat([self.rows.expand(shape), self.columns.expand(shape)], dim=1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H / stride, W / stride)."""
        q, k, v = (p(features).unflatten(1, (self.heads, -1)) for p in (self.query, self.key, self.value))
        mixed = local_attention(q, k, v, self.side, self.relative()).flatten(1, 2)  # (B, C, H, W)
        return mixed if self.stride == 1 else F.avg_pool2d(mixed, self.stride)

    def attention_macs(self, height: int, width: int) -> int:
        """Return the multiply-adds of scores, relative terms and averages for an input of this size."""
        channels = self.query.out_channels
        return height * width * self.side**2 * 3 * channels


class LocalRelation(nn.Module):
    """The local relation layer of Hu et al. 2019, section 3.2: weights from one number of query and key each.

    The weights of one position are shared by `share` channels; a small network turns an offset into its prior.
    The paper doesn't print the layer in full: this definition reproduces its table (lesson 03 says how).

    Args:
        channels: C, in and out.
        stride: positions between two queries.
        share: m, how many channels share their weights; the last group may have fewer.
        side: K.
    """

    def __init__(self, channels: int, stride: int = 1, share: int = 8, side: int = 7):
        super().__init__()
        self.share, self.side, self.stride = share, side, stride
        groups = math.ceil(channels / share)
        self.query, self.key = (nn.Conv2d(channels, groups, 1, bias=False) for _ in range(2))
        hidden = max(1, groups // 2)
        self.prior = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, groups))
        self.transform = nn.Conv2d(channels, channels, 1, bias=False)

    def geometry_prior(self) -> Tensor:
        """Return what is added to the scores for every offset: (K * K, groups)."""
        reach = self.side // 2
        offsets = torch.cartesian_prod(*[torch.arange(-reach, reach + 1)] * 2)  # (K * K, 2), row by row
        return self.prior(offsets.to(self.key.weight) / max(1, reach))

    def weights(self, features: Tensor) -> Tensor:
        """Return the attention weights (K * K, B, groups, H / stride, W / stride) for (B, C, H, W)."""
        s = self.stride
        q, k = self.query(features[..., ::s, ::s])[:, :, None], self.key(features)[:, :, None]  # (B, groups, 1, ...)
        scores = local_scores(q, k, self.side, stride=s) + self.geometry_prior()[:, None, :, None, None]
        exists = inside(*features.shape[-2:], self.side)[:, None, None, ::s, ::s].to(features.device)
        return scores.masked_fill(~exists, -math.inf).softmax(dim=0)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H / stride, W / stride)."""
        channels = features.shape[1]
        weights = self.weights(features).repeat_interleave(self.share, dim=2)[:, :, :channels]  # (K * K, B, C, ...)
        mixed = weigh_shifts(weights, features[:, :, None], self.side, self.stride)  # every channel a head of width 1
        return self.transform(mixed[:, :, 0])

    def attention_macs(self, height: int, width: int) -> int:
        """Return the multiply-adds of scores and averages for an input of this size, where a query stands."""
        groups, channels = self.query.out_channels, self.transform.in_channels
        return math.ceil(height / self.stride) * math.ceil(width / self.stride) * self.side**2 * (groups + channels)


def relation_parameters(channels: int, share: int = 8) -> int:
    """Return how many numbers a `LocalRelation` layer learns.

    Args:
        channels: C.
        share: m. The last group of channels may be short.
    """
    groups = math.ceil(channels / share)
    hidden = max(1, groups // 2)
    query_and_key = 2 * channels * groups
    prior = (2 * hidden + hidden) + (hidden * groups + groups)  # weights and biases of both layers
    return query_and_key + prior + channels**2
