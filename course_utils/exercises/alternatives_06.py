"""Right answers to lesson 6's exercises, written differently from the course's: `check` must accept them all."""

import math

import torch


def _warmup_by_half_angle(step, steps, warmup):
    if step < warmup:
        return 1 - (warmup - step - 1) / warmup
    return math.cos(0.5 * math.pi * (step - warmup) / (steps - warmup)) ** 2


def _warmup_by_sine(step, steps, warmup):
    rising = [(n + 1) / warmup for n in range(warmup)]
    falling = [0.5 - 0.5 * math.sin(math.pi * (n / (steps - warmup) - 0.5)) for n in range(steps - warmup)]
    return (rising + falling)[step]


WARMUP = (_warmup_by_half_angle, _warmup_by_sine)


def _decays_by_cases(name, parameter):
    if parameter.dim() < 2:
        return False
    last = name.split(".")[-1]
    return last not in {"pos_embed", "cls_token", "position"}


def _decays_by_names(name, parameter):
    spared = any(name.endswith(word) for word in ("pos_embed", "cls_token", "position"))
    return not spared and len(parameter.shape) > 1


DECAYS = (_decays_by_cases, _decays_by_names)


def _path_by_where(branch, keep, rate):
    return torch.where(keep.view(-1, 1, 1), branch / (1 - rate), torch.zeros_like(branch))


def _path_by_einsum(branch, keep, rate):
    return torch.einsum("bnd,b->bnd", branch, keep.to(branch.dtype) / (1.0 - rate))


PATHS = (_path_by_where, _path_by_einsum)


def _mixup_by_lerp(images, targets, order, share):
    return torch.lerp(images[order], images, share), torch.lerp(targets[order], targets, share)


def _mixup_one_by_one(images, targets, order, share):
    pictures = [share * images[n] + (1 - share) * images[other] for n, other in enumerate(order.tolist())]
    labels = [share * targets[n] + (1 - share) * targets[other] for n, other in enumerate(order.tolist())]
    return torch.stack(pictures), torch.stack(labels)


MIXUP = (_mixup_by_lerp, _mixup_one_by_one)


def _smooth_by_lerp(targets, share):
    return torch.lerp(targets, torch.full_like(targets, 1 / targets.shape[-1]), share)


def _smooth_in_steps(targets, share):
    classes = targets.shape[1]
    kept = targets - share * targets
    return kept + torch.ones(classes) * (share / classes)


SMOOTH = (_smooth_by_lerp, _smooth_in_steps)


def _erase_one_by_one(images, top, left, height, width, fill=0.0):
    changed = images.clone()
    boxes = zip(top.tolist(), left.tolist(), height.tolist(), width.tolist(), strict=True)
    for n, (row, column, rows, columns) in enumerate(boxes):
        changed[n, :, row : row + rows, column : column + columns] = fill
    return changed


def _erase_by_where(images, top, left, height, width, fill=0.0):
    row = torch.arange(images.shape[2])[None, None, :, None]
    column = torch.arange(images.shape[3])[None, None, None, :]
    top, left, height, width = (values[:, None, None, None] for values in (top, left, height, width))
    inside = (row - top >= 0) & (row - top < height) & (column - left >= 0) & (column - left < width)
    return torch.where(inside, torch.full_like(images, fill), images)


ERASE = (_erase_one_by_one, _erase_by_where)
