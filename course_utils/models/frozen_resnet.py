"""ResNet-50 as DETR's backbone: no classifier, and batch norms that no longer change.

Carion et al. 2020, section 4. Notation: `B` images, `C` channels, `H W` a feature map.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.conv import ResNet, resnet50


class FrozenBatchNorm2d(nn.Module):
    """A batch norm that scales and shifts every channel by numbers which never change.

    With two or four images in a batch, their own mean and variance would be too noisy, so
    those of ImageNet stay. All four are buffers: no optimizer sees them.

    Args:
        channels: C.
        eps: added to the variance.
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(channels))
        self.register_buffer("bias", torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H, W)."""
        statistics = self.running_mean, self.running_var
        return F.batch_norm(features, *statistics, self.weight, self.bias, eps=self.eps)


class FeatureMaps(nn.Module):
    """A ResNet without its last two steps, the mean over all positions and the classifier.

    Args:
        resnet: whose parts these become.
    """

    def __init__(self, resnet: ResNet):
        super().__init__()
        self.stem, self.pool = resnet.stem, resnet.pool
        self.stages = nn.Sequential(*resnet.stages)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, 3, H, W) to features (B, C, H / 32, W / 32)."""
        return self.stages(self.pool(self.stem(images).relu()))


def freeze_norms(module: nn.Module) -> nn.Module:
    """Put a frozen batch norm with the same numbers in each batch norm's place, and return the module."""
    for name, part in module.named_children():
        if isinstance(part, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(part.num_features, part.eps).to(part.weight)
            # not strict: the count of batches isn't needed any more
            frozen.load_state_dict(part.state_dict(), strict=False)
            setattr(module, name, frozen)
        else:
            freeze_norms(part)
    return module


def frozen_resnet50() -> FeatureMaps:
    """ResNet-50 to its last feature map, 2048 channels at a 32nd of the side, with frozen norms."""
    return freeze_norms(FeatureMaps(resnet50()))
