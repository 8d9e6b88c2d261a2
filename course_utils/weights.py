"""Official weights in our models: the names of an official state dict, turned into ours.

`build(name).load_state_dict(convert(name, official.state_dict()))` computes what the official model computes.
"""

import re
from collections.abc import Mapping

from torch import Tensor

TORCHVISION_VIT = (
    (r"class_token", "cls_token"),
    (r"conv_proj\.(.+)", r"patch_embed.project.\1"),
    (r"encoder\.pos_embedding", "pos_embed"),
    (r"encoder\.layers\.encoder_layer_(\d+)\.ln_(\d)\.(.+)", r"blocks.\1.norm\2.\3"),
    (r"encoder\.layers\.encoder_layer_(\d+)\.self_attention\.in_proj_(.+)", r"blocks.\1.attention.QKV.\2"),
    (r"encoder\.layers\.encoder_layer_(\d+)\.self_attention\.out_proj\.(.+)", r"blocks.\1.attention.out.\2"),
    (r"encoder\.layers\.encoder_layer_(\d+)\.mlp\.0\.(.+)", r"blocks.\1.mlp.0.\2"),
    (r"encoder\.layers\.encoder_layer_(\d+)\.mlp\.3\.(.+)", r"blocks.\1.mlp.2.\2"),
    (r"encoder\.ln\.(.+)", r"norm.\1"),
    (r"heads\.head\.(.+)", r"head.\1"),
)
TIMM_VIT = (
    (r"cls_token", "cls_token"),
    (r"pos_embed", "pos_embed"),
    (r"patch_embed\.proj\.(.+)", r"patch_embed.project.\1"),
    (r"blocks\.(\d+)\.norm(\d)\.(.+)", r"blocks.\1.norm\2.\3"),
    (r"blocks\.(\d+)\.attn\.qkv\.(.+)", r"blocks.\1.attention.QKV.\2"),
    (r"blocks\.(\d+)\.attn\.proj\.(.+)", r"blocks.\1.attention.out.\2"),
    (r"blocks\.(\d+)\.mlp\.fc1\.(.+)", r"blocks.\1.mlp.0.\2"),
    (r"blocks\.(\d+)\.mlp\.fc2\.(.+)", r"blocks.\1.mlp.2.\2"),
    (r"norm\.(.+)", r"norm.\1"),
    (r"head\.(.+)", r"head.\1"),
)
TIMM_DISTILLED = (*TIMM_VIT, (r"dist_token", "dist_token"), (r"head_dist\.(.+)", r"head_dist.\1"))
TORCHVISION_SWIN = (
    (r"features\.0\.0\.(.+)", r"patch_embed.project.\1"),
    (r"features\.0\.2\.(.+)", r"embed_norm.\1"),
    (r"features\.(\d)\.norm\.(.+)", r"merges.\1.norm.\2"),
    (r"features\.(\d)\.reduction\.(.+)", r"merges.\1.reduce.\2"),
    (r"features\.(\d)\.(\d+)\.norm(\d)\.(.+)", r"stages.\1.\2.norm\3.\4"),
    (r"features\.(\d)\.(\d+)\.attn\.qkv\.(.+)", r"stages.\1.\2.attention.within.QKV.\3"),
    (r"features\.(\d)\.(\d+)\.attn\.proj\.(.+)", r"stages.\1.\2.attention.within.out.\3"),
    (r"features\.(\d)\.(\d+)\.attn\.relative_position_bias_table", r"stages.\1.\2.attention.within.bias.table"),
    (r"features\.(\d)\.(\d+)\.attn\.cpb_mlp\.(.+)", r"stages.\1.\2.attention.within.bias.mlp.\3"),
    (r"features\.(\d)\.(\d+)\.attn\.logit_scale", r"stages.\1.\2.attention.within.logit_scale"),
    (r"features\.(\d)\.(\d+)\.attn\.relative_(position_index|coords_table)", None),
    (r"features\.(\d)\.(\d+)\.mlp\.0\.(.+)", r"stages.\1.\2.mlp.0.\3"),
    (r"features\.(\d)\.(\d+)\.mlp\.3\.(.+)", r"stages.\1.\2.mlp.2.\3"),
    (r"norm\.(.+)", r"norm.\1"),
    (r"head\.(.+)", r"head.\1"),
)
TIMM_MVIT = (
    (r"patch_embed\.proj\.(.+)", r"patch_embed.project.\1"),
    (r"stages\.(\d)\.blocks\.(\d+)\.norm(\d)\.(.+)", r"stages.\1.\2.norm\3.\4"),
    (r"stages\.(\d)\.blocks\.(\d+)\.shortcut_proj_attn\.(.+)", r"stages.\1.\2.shortcut.expand.\3"),
    (r"stages\.(\d)\.blocks\.(\d+)\.attn\.rel_pos_([hw])", r"stages.\1.\2.attention.rel_pos_\3"),
    (r"stages\.(\d)\.blocks\.(\d+)\.attn\.qkv\.(.+)", r"stages.\1.\2.attention.QKV.\3"),
    (r"stages\.(\d)\.blocks\.(\d+)\.attn\.proj\.(.+)", r"stages.\1.\2.attention.out.\3"),
    (r"stages\.(\d)\.blocks\.(\d+)\.attn\.pool_([qkv])\.(.+)", r"stages.\1.\2.attention.pool_\3.convolve.\4"),
    (r"stages\.(\d)\.blocks\.(\d+)\.attn\.norm_([qkv])\.(.+)", r"stages.\1.\2.attention.pool_\3.norm.\4"),
    (r"stages\.(\d)\.blocks\.(\d+)\.mlp\.fc1\.(.+)", r"stages.\1.\2.mlp.0.\3"),
    (r"stages\.(\d)\.blocks\.(\d+)\.mlp\.fc2\.(.+)", r"stages.\1.\2.mlp.2.\3"),
    (r"norm\.(.+)", r"norm.\1"),
    (r"head\.fc\.(.+)", r"head.\1"),
)
TIMM_MLP = (  # what Mixer, ResMLP and gMLP share
    (r"stem\.proj\.(.+)", r"patch_embed.project.\1"),
    (r"norm\.(weight|bias)", r"norm.\1"),
    (r"head\.(.+)", r"head.\1"),
)
TIMM_CHANNEL_MLP = (
    (r"blocks\.(\d+)\.mlp_channels\.fc1\.(.+)", r"blocks.\1.channel_mlp.0.\2"),
    (r"blocks\.(\d+)\.mlp_channels\.fc2\.(.+)", r"blocks.\1.channel_mlp.2.\2"),
)
TIMM_MIXER = (
    *TIMM_MLP,
    *TIMM_CHANNEL_MLP,
    (r"blocks\.(\d+)\.norm(\d)\.(.+)", r"blocks.\1.norm\2.\3"),
    (r"blocks\.(\d+)\.mlp_tokens\.fc1\.(.+)", r"blocks.\1.token_mlp.0.\2"),
    (r"blocks\.(\d+)\.mlp_tokens\.fc2\.(.+)", r"blocks.\1.token_mlp.2.\2"),
)
TIMM_RESMLP = (
    *TIMM_MLP,
    *TIMM_CHANNEL_MLP,
    (r"blocks\.(\d+)\.norm(\d)\.alpha", r"blocks.\1.affine\2.scale"),
    (r"blocks\.(\d+)\.norm(\d)\.beta", r"blocks.\1.affine\2.shift"),
    (r"blocks\.(\d+)\.linear_tokens\.(.+)", r"blocks.\1.token_layer.\2"),
    (r"blocks\.(\d+)\.ls(\d)", r"blocks.\1.scale\2"),
    (r"norm\.alpha", "norm.scale"),
    (r"norm\.beta", "norm.shift"),
)
TIMM_GMLP = (
    *TIMM_MLP,
    (r"blocks\.(\d+)\.norm\.(.+)", r"blocks.\1.norm.\2"),
    (r"blocks\.(\d+)\.mlp_channels\.fc1\.(.+)", r"blocks.\1.expand.\2"),
    (r"blocks\.(\d+)\.mlp_channels\.gate\.norm\.(.+)", r"blocks.\1.gate.norm.\2"),
    (r"blocks\.(\d+)\.mlp_channels\.gate\.proj\.(.+)", r"blocks.\1.gate.token_layer.\2"),
    (r"blocks\.(\d+)\.mlp_channels\.fc2\.(.+)", r"blocks.\1.project.\2"),
)
RESNET = (
    (r"conv1\.(.+)", r"stem.0.\1"),
    (r"bn1\.(.+)", r"stem.1.\1"),
    (r"layer(\d)\.(\d+)\.conv1\.(.+)", r"stages.\1.\2.reduce.0.\3"),
    (r"layer(\d)\.(\d+)\.bn1\.(.+)", r"stages.\1.\2.reduce.1.\3"),
    (r"layer(\d)\.(\d+)\.conv2\.(.+)", r"stages.\1.\2.mix.0.\3"),
    (r"layer(\d)\.(\d+)\.bn2\.(.+)", r"stages.\1.\2.mix.1.\3"),
    (r"layer(\d)\.(\d+)\.conv3\.(.+)", r"stages.\1.\2.expand.0.\3"),
    (r"layer(\d)\.(\d+)\.bn3\.(.+)", r"stages.\1.\2.expand.1.\3"),
    (r"layer(\d)\.(\d+)\.downsample\.(.+)", r"stages.\1.\2.shortcut.\3"),
    (r"fc\.(.+)", r"head.\1"),
)
DETR = (  # the authors' layout
    (r"transformer\.(en|de)coder\.layers\.(\d+)\.self_attn\.in_proj_(.+)", r"\1coder.layers.\2.\1coder_self.QKV.\3"),
    (r"transformer\.(en|de)coder\.layers\.(\d+)\.self_attn\.out_proj\.(.+)", r"\1coder.layers.\2.\1coder_self.out.\3"),
    (r"transformer\.decoder\.layers\.(\d+)\.multihead_attn\.in_proj_(.+)", r"decoder.layers.\1.cross.QKV.\2"),
    (r"transformer\.decoder\.layers\.(\d+)\.multihead_attn\.out_proj\.(.+)", r"decoder.layers.\1.cross.out.\2"),
    (r"transformer\.(en|de)coder\.layers\.(\d+)\.linear1\.(.+)", r"\1coder.layers.\2.mlp.0.\3"),
    (r"transformer\.(en|de)coder\.layers\.(\d+)\.linear2\.(.+)", r"\1coder.layers.\2.mlp.2.\3"),
    (r"transformer\.(en|de)coder\.layers\.(\d+)\.norm(\d)\.(.+)", r"\1coder.layers.\2.norm\3.\4"),
    (r"transformer\.decoder\.norm\.(.+)", r"decoder.norm.\1"),
    (r"query_embed\.weight", "decoder.queries"),
    (r"input_proj\.(.+)", r"encoder.project.\1"),
    (r"class_embed\.(.+)", r"class_head.\1"),
    (r"bbox_embed\.layers\.0\.(.+)", r"box_head.0.\1"),
    (r"bbox_embed\.layers\.1\.(.+)", r"box_head.2.\1"),
    (r"bbox_embed\.layers\.2\.(.+)", r"box_head.4.\1"),
    *((rf"backbone\.0\.body\.{official}", f"backbone.{ours}") for official, ours in RESNET),
)
SWINS = ("swin_t", "swin_s", "swin_b", "swin_v2_t")
# For each model: what an official name looks like, and what ours is; the first pattern that fits counts. None for a
# table that ours computes.
NAMES = {
    "resnet50": RESNET,
    **dict.fromkeys(("vit_b_16", "vit_b_32", "vit_l_16"), TORCHVISION_VIT),
    "deit_tiny": TIMM_VIT,
    **dict.fromkeys(("deit_small_distilled", "deit_base_distilled"), TIMM_DISTILLED),
    **dict.fromkeys(SWINS, TORCHVISION_SWIN),
    "mvitv2_tiny": TIMM_MVIT,
    "mixer_b16": TIMM_MIXER,
    "resmlp_12": TIMM_RESMLP,
    "gmlp_s16": TIMM_GMLP,
    "detr_resnet50": DETR,
}
# From the number in an official name to the number of our stage, where they differ.
STAGES = {
    **dict.fromkeys(("resnet50", "detr_resnet50"), lambda layer: layer - 1),
    **dict.fromkeys(SWINS, lambda feature: feature // 2),  # stages are 1, 3, 5, 7, merging before them 2, 4, 6
}


def unpack_qkv(packed: Tensor) -> dict[str, Tensor]:
    """Cut the weights or biases of three projections apart that an official layer keeps in one tensor.

    Args:
        packed: (3 D, ...), the rows of the query's projection first, then the key's, then the value's.

    Returns:
        "query", "key" and "value", each (D, ...).

    Raises:
        ValueError: the number of rows is not a multiple of 3.
    """
    if len(packed) % 3:
        raise ValueError(f"{len(packed)} rows can't hold queries, keys and values of equal width: pass (3 D, ...)")
    return dict(zip(("query", "key", "value"), packed.chunk(3), strict=True))


def convert(name: str, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give the tensors of an official state dict the names that they have in `build(name)`.

    Args:
        name: of a model that has an official counterpart.
        state_dict: of torchvision's model of that name, or of timm's: `deit_tiny_patch16_224`,
            `deit_small_distilled_patch16_224`, `deit_base_distilled_patch16_224`, `mvitv2_tiny`, `mixer_b16_224`,
            `resmlp_12_224`, `gmlp_s16_224`; or of the authors' DETR; of any size.

    Returns:
        a state dict for ours; the tensors share their memory with the official ones, also those of queries, keys and
        values, which are taken apart.

    Raises:
        ValueError: the model has no official counterpart, or a name is none of its names.
    """
    if name not in NAMES:
        raise ValueError(f"no official weights are known for {name!r}: use one of {', '.join(NAMES)}")
    ours = {_ours(name, key): _as_ours(key, tensor) for key, tensor in state_dict.items()}
    ours.pop(None, None)
    converted = {}
    for key, tensor in ours.items():
        parts = unpack_qkv(tensor) if "QKV" in key else {"": tensor}
        converted |= {key.replace("QKV", part): each for part, each in parts.items()}
    return converted


def _as_ours(key: str, tensor: Tensor) -> Tensor:
    """Return a tensor in our shape: timm's ResMLP keeps its scales and shifts as (1, 1, D), ours as (D,)."""
    return tensor.flatten() if key.endswith((".alpha", ".beta")) else tensor


def _ours(name: str, key: str) -> str | None:
    """Return our name of one official tensor, or none if ours computes it; QKV stands for three."""
    for pattern, ours in NAMES[name]:
        if re.fullmatch(pattern, key):
            return ours and _with_stage(name, re.sub(pattern, ours, key))
    raise ValueError(f"{name} has no tensor {key!r}: pass the state dict of the official {name}")


def _with_stage(name: str, key: str) -> str:
    """Replace the official number of a stage in one of our names by ours."""
    number = STAGES.get(name, int)
    return re.sub(r"\b(stages|merges)\.(\d)", lambda m: f"{m[1]}.{number(int(m[2]))}", key)
