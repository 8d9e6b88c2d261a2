"""The usual mistakes of exercise 4.1: what a model of pixels reads, and what it predicts."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.pixels import next_pixel


def _first(pixels, start):
    return torch.full_like(pixels[:, 0, :1], start)  # (B, 1)


def _not_shifted(pixels, start):
    targets = pixels.flatten(start_dim=1)
    return targets.clone(), targets


def _first_replaced(pixels, start):
    targets = pixels.flatten(start_dim=1)
    return torch.cat([_first(pixels, start), targets[:, 1:]], dim=1), targets


def _pixel_after(pixels, start):
    targets = pixels.flatten(start_dim=1)
    return torch.cat([targets[:, 1:], _first(pixels, start)], dim=1), targets


def _pixel_after_wrapped(pixels, start):
    targets = pixels.flatten(start_dim=1)
    return targets.roll(-1, dims=1), targets


def _wrapped(pixels, start):
    targets = pixels.flatten(start_dim=1)
    return targets.roll(1, dims=1), targets


def _wrapped_across_images(pixels, start):
    targets = pixels.flatten(start_dim=1)
    return targets.roll(1), targets


def _across_images(pixels, start):
    targets = pixels.flatten()
    inputs = torch.cat([_first(pixels, start)[0], targets[:-1]])
    return inputs.view(len(pixels), -1), targets.view(len(pixels), -1)


def _one_too_many(pixels, start):
    targets = pixels.flatten(start_dim=1)
    return torch.cat([_first(pixels, start), targets], dim=1), targets


def _first_dropped(pixels, start):
    targets = pixels.flatten(start_dim=1)
    return targets[:, :-1], targets[:, 1:]


def _by_columns(pixels, start):
    return next_pixel(pixels.mT, start)


def _start_in_every_row(pixels, start):
    inputs = torch.cat([torch.full_like(pixels[:, :, :1], start), pixels[:, :, :-1]], dim=2)
    return inputs.flatten(start_dim=1), pixels.flatten(start_dim=1)


def _start_in_the_targets(pixels, start):
    inputs, _ = next_pixel(pixels, start)
    return inputs, inputs.clone()


def _end_in_the_targets(pixels, start):
    first, targets = _first(pixels, start), pixels.flatten(start_dim=1)
    return torch.cat([first, targets], dim=1), torch.cat([targets, first], dim=1)


def _two_after(pixels, start):
    inputs, targets = next_pixel(pixels, start)
    return inputs, torch.cat([targets[:, 1:], _first(pixels, start)], dim=1)


def _exchanged(pixels, start):
    inputs, targets = next_pixel(pixels, start)
    return targets, inputs


def _zero_for_start(pixels, start):
    return next_pixel(pixels, 0)


NEXT = (
    Mistake(
        "not-shifted",
        _not_shifted,
        "Inputs and targets are the same.",
        "The model reads the very pixel that it must predict, so it learns nothing but to copy.",
        "Let the input at each place be something that is known before this pixel.",
    ),
    Mistake(
        "first-replaced",
        _first_replaced,
        "At the beginning stands `start`, but from then on inputs and targets are the same.",
        "`start` has overwritten the first pixel, and all others have stayed where they were.",
        "Make room for `start`: what must happen to the other pixels, and which one has no place left?",
    ),
    Mistake(
        "pixel-after",
        _pixel_after,
        "The inputs are shifted the wrong way, with `start` at the end.",
        "The input at n is the pixel after the target, so the model has to predict what it has passed already.",
        "Compare place 1 of both: the input there must be pixel 0.",
    ),
    Mistake(
        "pixel-after-wrapped",
        _pixel_after_wrapped,
        "The inputs are shifted the wrong way, and `start` isn't used.",
        "The input at n is the pixel after the target, so the model has to predict what it has passed already.",
        "Compare place 1 of both: the input there must be pixel 0. Then think of what to read at place 0.",
    ),
    Mistake(
        "wrapped",
        _wrapped,
        "The first input is the last pixel of the same image.",
        "`roll` brings what it pushes out at the end back in at the front. The model would know the end beforehand.",
        "The last pixel is never an input; something else stands at the front.",
    ),
    Mistake(
        "wrapped-across-images",
        _wrapped_across_images,
        "The first input of an image is the last pixel of another image.",
        "Without `dims`, `roll` treats the whole batch as one long row.",
        "Shift within each image, and put something else than a pixel at the front.",
    ),
    Mistake(
        "across-images",
        _across_images,
        "Only the first image of the batch begins with `start`: the others begin with another image's last pixel.",
        "The whole batch was flattened into one sequence before it was shifted.",
        "Keep the batch: flatten from axis 1 on, and shift each row by itself.",
    ),
    Mistake(
        "one-too-many",
        _one_too_many,
        "There is one input more than there are targets.",
        "`start` has been put in front, but the last pixel is still there; no target comes after it.",
        "Leave out the input that nothing is predicted from.",
    ),
    Mistake(
        "first-dropped",
        _first_dropped,
        "Inputs and targets are one pixel short.",
        "The first pixel is never predicted, because nothing stands in front of it.",
        "That is what `start` is for: let the model read it before the first pixel.",
    ),
    Mistake(
        "by-columns",
        _by_columns,
        "The pixels come column by column.",
        "Rows and columns have changed places before the image was flattened.",
        "Flatten the image as it is: the last axis, along a row, runs fastest.",
    ),
    Mistake(
        "start-in-every-row",
        _start_in_every_row,
        "`start` stands at the beginning of every row of the image.",
        "The rows were shifted one by one, so the last pixel of a row never is an input.",
        "Make one sequence of the whole image first, and then shift it once.",
    ),
    Mistake(
        "start-in-the-targets",
        _start_in_the_targets,
        "The targets begin with `start`.",
        "They were shifted together with the inputs, so both are the same again.",
        "Leave the targets as they are, all pixels in order; shift only the inputs.",
    ),
    Mistake(
        "end-in-the-targets",
        _end_in_the_targets,
        "Inputs and targets are one number too long.",
        "After the last pixel the model must predict `start`, as if a text came to its end.",
        "An image has a fixed number of pixels: predict these and nothing else.",
    ),
    Mistake(
        "two-after",
        _two_after,
        "The targets are shifted too.",
        "Inputs moved one to the right and targets one to the left, so the model must predict two pixels ahead.",
        "Shift only one of the two.",
    ),
    Mistake(
        "exchanged",
        _exchanged,
        "Inputs and targets have changed places.",
        "Both are right, but the pair is returned in the other order.",
        "Return first what the model reads.",
    ),
    Mistake(
        "zero-for-start",
        _zero_for_start,
        "The first input is 0 instead of `start`.",
        "A 0 is a grey level, so the model can't tell the beginning from a black pixel.",
        "Put the number `start` there.",
    ),
)
