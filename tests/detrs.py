"""transformers' DETR as the oracle: its names in the authors' layout, and what each of its decoder layers finds."""

import itertools
import re

import torch

AUTHORS = (  # a name of transformers, and what the authors call it; q, k and v are joined afterwards
    (r"model\.backbone\.model\.(.+)", r"backbone.0.body.\1"),
    (r"model\.query_position_embeddings\.weight", "query_embed.weight"),
    (r"model\.input_projection\.(.+)", r"input_proj.\1"),
    (r"model\.((?:en|de)coder\.layers\.\d+)\.self_attn\.([qkv])_proj\.(.+)", r"transformer.\1.self_attn.in_proj_\3 \2"),
    (
        r"model\.(decoder\.layers\.\d+)\.encoder_attn\.([qkv])_proj\.(.+)",
        r"transformer.\1.multihead_attn.in_proj_\3 \2",
    ),
    (r"model\.((?:en|de)coder\.layers\.\d+)\.self_attn\.o_proj\.(.+)", r"transformer.\1.self_attn.out_proj.\2"),
    (r"model\.(decoder\.layers\.\d+)\.encoder_attn\.o_proj\.(.+)", r"transformer.\1.multihead_attn.out_proj.\2"),
    (r"model\.((?:en|de)coder\.layers\.\d+)\.mlp\.fc(\d)\.(.+)", r"transformer.\1.linear\2.\3"),
    (r"model\.((?:en|de)coder\.layers\.\d+)\.self_attn_layer_norm\.(.+)", r"transformer.\1.norm1.\2"),
    (r"model\.(decoder\.layers\.\d+)\.encoder_attn_layer_norm\.(.+)", r"transformer.\1.norm2.\2"),
    (r"model\.(encoder\.layers\.\d+)\.final_layer_norm\.(.+)", r"transformer.\1.norm2.\2"),
    (r"model\.(decoder\.layers\.\d+)\.final_layer_norm\.(.+)", r"transformer.\1.norm3.\2"),
    (r"model\.decoder\.layernorm\.(.+)", r"transformer.decoder.norm.\1"),
    (r"class_labels_classifier\.(.+)", r"class_embed.\1"),
    (r"bbox_predictor\.(.+)", r"bbox_embed.\1"),
)


def authors_layout(state):
    """Return the state dict of transformers' DETR under the names of the authors' code."""
    found, packed = {}, {}
    for name, tensor in state.items():
        pattern, theirs = next(pair for pair in AUTHORS if re.fullmatch(pair[0], name))
        theirs, _, part = re.sub(pattern, theirs, name).partition(" ")
        if part:
            packed.setdefault(theirs, {})[part] = tensor
        else:
            found[theirs] = tensor
    return found | {name: torch.cat([parts[part] for part in "qkv"]) for name, parts in packed.items()}


def randomise(module, seed=1):
    """Draw every parameter and buffer, in float64, so that no error hides; scales stay near 1, variances positive."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in itertools.chain(module.named_parameters(), module.named_buffers()):
        if not tensor.is_floating_point():
            continue
        spread = 0.3 if tensor.ndim == 1 else 1.5 * tensor[0].numel() ** -0.5
        spread = 2.0 if "query_position" in name else spread
        tensor.data = torch.randn(tensor.shape, generator=generator, dtype=torch.float64) * spread
        if tensor.ndim == 1 and name.endswith("weight"):
            tensor.data += 1
        if name.endswith("running_var"):
            tensor.data = tensor.data.abs() + 0.5
    return module.double().eval()


@torch.no_grad()
def every_layer(official, images, padding_mask=None):
    """Return the logits and boxes of transformers' DETR after each of its decoder layers, the last one last.

    Read with hooks: with `auxiliary_loss=True` it would compute something else.
    """
    seen = []
    layers = official.model.decoder.layers
    hooks = [layer.register_forward_hook(lambda _m, _given, out: seen.append(out)) for layer in layers]
    official(images, pixel_mask=None if padding_mask is None else (~padding_mask).long())
    for hook in hooks:
        hook.remove()
    known = [official.model.decoder.layernorm(out if torch.is_tensor(out) else out[0]) for out in seen]
    return [(official.class_labels_classifier(each), official.bbox_predictor(each).sigmoid()) for each in known]
