"""The runs behind lesson 09: small all-MLP models beside a ViT and a CNN, halves of a block, shuffled images."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils import data
from course_utils.models.attention import MLP
from course_utils.models.conv import SmallResNet
from course_utils.models.gmlp import GatedMLP
from course_utils.models.mixer import AllMLP, MixerBlock, MLPMixer
from course_utils.models.resmlp import ResMLP
from course_utils.recipe_runs import RECIPE
from course_utils.training import unchanged
from course_utils.vit_runs import LIVE, shuffled, small_vit, trained

SIZES = {"side": 28, "layers": 4, "classes": 10, "channels": 1}
WIDTH, TOKEN_HIDDEN, CHANNEL_HIDDEN = 64, 32, 256


def small_mixer(patch: int = 7, token_hidden: int = TOKEN_HIDDEN) -> MLPMixer:
    """Make an MLP-Mixer of 4 blocks of width 64 for 28 x 28 grey images.

    Args:
        patch: 7 makes 16 tokens, 4 makes 49.
        token_hidden: D_S.
    """
    hidden = {"token_hidden": token_hidden, "channel_hidden": CHANNEL_HIDDEN}
    return MLPMixer(patch=patch, width=WIDTH, **hidden, **SIZES)


def small_resmlp(layer_scale: float = 1e-4) -> ResMLP:
    """Make a ResMLP with the small Mixer's tokens, width and depth."""
    return ResMLP(WIDTH, CHANNEL_HIDDEN, layer_scale, patch=7, **SIZES)


def small_gmlp() -> GatedMLP:
    """Make a gMLP with the small Mixer's tokens, width and depth, and about as many parameters."""
    return GatedMLP(WIDTH, 348, patch=7, **SIZES)


# the small Mixer with other blocks


class ChannelsFirst(MixerBlock):
    """A Mixer's block in the order of the lecture's slide: across the channels, then across the tokens."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D)."""
        tokens = tokens + self.channel_mlp(self.norm2(tokens))
        return tokens + self.token_mlp(self.norm1(tokens).transpose(1, 2)).transpose(1, 2)


class TokensOnly(nn.Module):
    """Half of a Mixer's block, the MLP across the tokens: channels never meet.

    Args:
        tokens: N.
    """

    def __init__(self, tokens: int):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.mlp = MLP(tokens, TOKEN_HIDDEN)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D)."""
        return tokens + self.mlp(self.norm(tokens).transpose(1, 2)).transpose(1, 2)


class ChannelsOnly(nn.Module):
    """The other half, the MLP across the channels: tokens never meet, before the mean.

    Args:
        tokens: N; nothing depends on it.
    """

    def __init__(self, tokens: int):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.mlp = MLP(WIDTH, CHANNEL_HIDDEN)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D)."""
        return tokens + self.mlp(self.norm(tokens))


def mixer_of(block: Callable[[int], nn.Module]) -> AllMLP:
    """Make the small Mixer with other blocks, each made from the number of tokens."""
    return AllMLP(patch=7, width=WIDTH, block=block, **SIZES)


MODELS: dict[str, Callable[[], nn.Module]] = {
    "Mixer": small_mixer,
    "ResMLP": small_resmlp,
    "gMLP": small_gmlp,
    "ViT": small_vit,
    "CNN": SmallResNet,
    "ResMLP, branches start at 1": lambda: small_resmlp(layer_scale=1.0),
    "Mixer, channels first": lambda: mixer_of(lambda n: ChannelsFirst(n, WIDTH, TOKEN_HIDDEN, CHANNEL_HIDDEN)),
    "Mixer, no token mixing": lambda: mixer_of(ChannelsOnly),
    "Mixer, no channel mixing": lambda: mixer_of(TokensOnly),
}


def mixer_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `MODELS` on 10,000 images, all with the same recipe and as many steps."""
    torch.manual_seed(seed)
    return trained(MODELS[arm](), data.fashion_mnist(10_000, 10_000), RECIPE, seed)


def shuffle_arm(arm: str, seed: int) -> dict[str, float]:
    """Train the small Mixer as lesson 05 trains its ViT and its CNN on images in one of `SHUFFLES`."""
    torch.manual_seed(seed)
    train_set, test_set = (shuffled(images, arm) for images in data.fashion_mnist(10_000, 10_000))
    return trained(small_mixer(), (train_set, test_set), LIVE, seed, augment=unchanged)
