"""Store what official layers compute, for lessons that compare ours with them without importing their library.

    python scripts/make_parity.py [lesson_09 ...]

Without names it makes all. Needs the extra `parity` (timm, transformers). All numbers are drawn anew from a seed,
float64: weights, input, output. Afterwards run `python scripts/update_manifest.py`.
"""

import sys

import safetensors.torch
import torch
from timm.layers import GatedMlp, NonLocalAttn
from timm.layers.halo_attn import HaloAttn
from timm.models.deit import VisionTransformerDistilled
from timm.models.mlp_mixer import Affine, MlpMixer, ResBlock, SpatialGatingBlock
from torch import Tensor, nn

from course_utils.files import DATA, ROOT, write_atomically


def randomised(module: nn.Module) -> nn.Module:
    """Draw all parameters and buffers, so that no error hides behind a zero, and go to eval mode in float64."""
    generator = torch.Generator().manual_seed(3)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(0.4 * torch.randn(tensor.shape, generator=generator))
            if name.endswith("running_var"):
                tensor.abs_()
    return module.double().eval()


def recorded(name: str, module: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return weights, input and output of a module by name."""
    with torch.no_grad():
        output = module(images)
    weights = {f"{name}.weights.{key}": value for key, value in module.state_dict().items()}
    return {**weights, f"{name}.input": images, f"{name}.output": output}


def lesson_03() -> dict[str, Tensor]:
    """timm's non-local block of 16 channels, and its halo attention with blocks of one pixel: 7 x 7, 2 heads."""
    images = torch.randn(2, 16, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    halo = HaloAttn(16, num_heads=2, block_size=1, halo_size=3)
    found = recorded("non_local", randomised(NonLocalAttn(16)), images)
    return {**found, **recorded("halo", randomised(halo), images)}


def lesson_07() -> dict[str, Tensor]:
    """A small distilled DeiT of timm: images of 12 x 12, patches of 4, width 18, 3 heads, 2 blocks, 7 classes.

    Beside its output in eval mode, "heads" has what it returns in training: (2, B, 7), class token's head first.
    """
    images = torch.randn(2, 3, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    sizes = {"img_size": 12, "patch_size": 4, "embed_dim": 18, "depth": 2, "num_heads": 3, "num_classes": 7}
    name, model = "deit_small_distilled", randomised(VisionTransformerDistilled(**sizes))
    found = recorded(name, model, images)
    model.set_distilled_training(True)
    with torch.no_grad():
        return {**found, f"{name}.heads": torch.stack(model.train()(images))}


def lesson_09() -> dict[str, Tensor]:
    """A small MLP-Mixer, ResMLP and gMLP of timm: images of 12 x 12, patches of 4, width 10, 2 blocks, 7 classes."""
    images = torch.randn(2, 3, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    sizes = {"img_size": 12, "patch_size": 4, "embed_dim": 10, "num_blocks": 2, "num_classes": 7}
    kinds = {
        "mixer_b16": {"mlp_ratio": (0.5, 1.6)},  # 5 and 16 hidden units
        "resmlp_12": {"block_layer": ResBlock, "norm_layer": Affine, "mlp_ratio": 4},
        "gmlp_s16": {"block_layer": SpatialGatingBlock, "mlp_layer": GatedMlp, "mlp_ratio": 2.4},  # 24
    }
    found = {}
    for name, options in kinds.items():
        found |= recorded(name, randomised(MlpMixer(**sizes, **options)), images)
    return found


class Tiny(nn.Module):
    """In the place of DETR's ResNet: each pixel of the feature map is the mean of 8 x 8 pixels."""

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the feature maps, which is one: (B, 3, H / 8, W / 8)."""
        return [nn.functional.avg_pool2d(images, 8)]


def lesson_10() -> dict[str, Tensor]:
    """transformers' DETR without its ResNet: 2 layers of width 16, 2 heads, 5 queries, 4 classes; one image is padded.

    Its weights have their names in the authors' code. The output has for each layer, image and query the logits, then
    the box.
    """
    sys.path.append(str(ROOT / "tests"))
    from detrs import authors_layout, every_layer, randomise
    from transformers import DetrConfig, DetrForObjectDetection

    sizes = {"d_model": 16, "num_queries": 5, "num_labels": 4, "encoder_layers": 2, "decoder_layers": 2}
    heads = {f"{part}_{what}": size for part in ("encoder", "decoder") for what, size in SMALL.items()}
    official = DetrForObjectDetection(DetrConfig(use_pretrained_backbone=False, auxiliary_loss=False, **sizes, **heads))
    official.model.backbone.model = Tiny()
    official.model.input_projection = nn.Conv2d(3, 16, 1)
    randomise(official, seed=6)
    images = torch.randn(2, 3, 40, 56, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    padding_mask = torch.zeros(2, 40, 56, dtype=torch.bool)
    padding_mask[1, 24:], padding_mask[1, :, 40:] = True, True
    output = torch.stack([torch.cat(each, dim=-1) for each in every_layer(official, images, padding_mask)])
    weights = {f"detr.weights.{name}": tensor for name, tensor in authors_layout(official.state_dict()).items()}
    return {**weights, "detr.input": images, "detr.padding_mask": padding_mask, "detr.output": output}


SMALL = {"attention_heads": 2, "ffn_dim": 24}
LESSONS = {"lesson_03": lesson_03, "lesson_07": lesson_07, "lesson_09": lesson_09, "lesson_10": lesson_10}

if __name__ == "__main__":
    folder = DATA / "parity"
    folder.mkdir(exist_ok=True)
    for lesson in sys.argv[1:] or LESSONS:
        tensors = {name: tensor.contiguous().clone() for name, tensor in LESSONS[lesson]().items()}
        write_atomically(folder / f"{lesson}.safetensors", safetensors.torch.save(tensors))
        print(f"{lesson}: {len(tensors)} tensors")
