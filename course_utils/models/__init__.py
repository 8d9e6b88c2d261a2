"""The reference code of the course: one readable file for each model family, and `build` to make one by its name."""

from torch import nn

from course_utils.models import conv, deit, detr, gmlp, mixer, mvit, resmlp, swin, swin_v2, vit

MODELS = {
    "resnet50": conv.resnet50,
    "lr_net_50": conv.lr_net_50,
    "sasa_50": conv.sasa_50,
    "vit_b_16": vit.vit_b_16,
    "vit_b_32": vit.vit_b_32,
    "vit_l_16": vit.vit_l_16,
    "deit_tiny": vit.deit_tiny,
    "deit_small_distilled": deit.deit_small_distilled,
    "deit_base_distilled": deit.deit_base_distilled,
    "swin_t": swin.swin_t,
    "swin_s": swin.swin_s,
    "swin_b": swin.swin_b,
    "swin_v2_t": swin_v2.swin_v2_t,
    "mvitv2_tiny": mvit.mvitv2_tiny,
    "mixer_b16": mixer.mixer_b16,
    "resmlp_12": resmlp.resmlp_12,
    "gmlp_s16": gmlp.gmlp_s16,
    "detr_resnet50": detr.detr_resnet50,
}


def build(name: str) -> nn.Module:
    """Make a model in its official size, with random weights.

    Raises:
        ValueError: no model has that name; the message lists them.
    """
    if name not in MODELS:
        raise ValueError(f"there is no model {name!r}: use one of {', '.join(MODELS)}")
    return MODELS[name]()
