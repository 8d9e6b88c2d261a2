"""The usual mistakes of exercise 5.6: how far attention looks."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.maps import attention_distance


def _places(weights, grid):
    rows, columns = grid
    return torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).to(weights)


def _between(places):
    return (places[:, None] - places).norm(dim=-1)  # (N, N)


def _averaged(weights, distance):
    shares = weights / weights.sum(dim=-1, keepdim=True)
    return (shares * distance).sum(dim=-1).mean(dim=(0, 2))


def _in_patches(weights, grid, patch):
    return attention_distance(weights, grid, 1)


def _manhattan(weights, grid, patch):
    places = _places(weights, grid)
    return _averaged(weights, patch * (places[:, None] - places).abs().sum(dim=-1))


def _squared(weights, grid, patch):
    return _averaged(weights, _between(patch * _places(weights, grid)) ** 2)


def _chessboard(weights, grid, patch):
    places = _places(weights, grid)
    return _averaged(weights, patch * (places[:, None] - places).abs().amax(dim=-1))


def _turned(weights, grid, patch):
    return attention_distance(weights, grid[::-1], patch)


def _along_the_list(weights, grid, patch):
    number = torch.arange(weights.shape[-1]).to(weights)
    return _averaged(weights, patch * (number[:, None] - number).abs())


def _unweighted(weights, grid, patch):
    return attention_distance(0 * weights + 1, grid, patch)


def _not_normalised(weights, grid, patch):
    distance = patch * _between(_places(weights, grid))
    return (weights * distance).sum(dim=-1).mean(dim=(0, 2))


def _ratio_of_sums(weights, grid, patch):
    distance = patch * _between(_places(weights, grid))
    return (weights * distance).sum(dim=(0, 2, 3)) / weights.sum(dim=(0, 2, 3))


def _mean_over_keys(weights, grid, patch):
    return attention_distance(weights, grid, patch) / weights.shape[-1]


def _sum_over_queries(weights, grid, patch):
    return attention_distance(weights, grid, patch) * weights.shape[-1]


def _each_image(weights, grid, patch):
    return torch.stack([attention_distance(one[None], grid, patch) for one in weights])


def _all_heads(weights, grid, patch):
    return attention_distance(weights, grid, patch).mean()


def _over_queries(weights, grid, patch):
    return attention_distance(weights.mT, grid, patch)


def _strongest(weights, grid, patch):
    distance = patch * _between(_places(weights, grid))
    best = weights.argmax(dim=-1, keepdim=True)
    farther = distance.expand_as(weights).gather(3, best)[..., 0]
    return farther.mean(dim=(0, 2))


DISTANCE = (
    Mistake(
        "in-patches",
        _in_patches,
        "The distances are in patches, not in pixels.",
        "Rows and columns of the grid were subtracted, and P never entered.",
        "Multiply by `patch`: neighbouring centres are P pixels apart.",
    ),
    Mistake(
        "manhattan",
        _manhattan,
        "Distances are measured along rows and columns.",
        "Rows and columns apart were added up.",
        "Take the straight line: the root of the sum of squares, or `torch.cdist`.",
    ),
    Mistake(
        "squared",
        _squared,
        "The distances are squared.",
        "The root is missing.",
        "Take the root of the sum of squares, or use `torch.cdist`.",
    ),
    Mistake(
        "chessboard",
        _chessboard,
        "Only the larger of rows and columns apart counts.",
        "That is how far a king walks on a chessboard.",
        "Take the straight line: the root of the sum of squares, or `torch.cdist`.",
    ),
    Mistake(
        "turned",
        _turned,
        "Rows and columns of the grid have changed places.",
        "`grid` is (rows, columns), and the patches run along a row first.",
        "Patch n stands in row n // columns and column n % columns.",
    ),
    Mistake(
        "along-the-list",
        _along_the_list,
        "The distance is the difference of the patches' numbers.",
        "The last patch of a row and the first of the next have neighbouring numbers, and are far apart.",
        "Turn numbers into rows and columns first.",
    ),
    Mistake(
        "unweighted",
        _unweighted,
        "The attention plays no part: all keys count alike.",
        "The plain mean of the distances depends on the grid only.",
        "Weigh each key's distance with its attention weight.",
    ),
    Mistake(
        "not-normalised",
        _not_normalised,
        "Rows that sum to less than 1 give distances that are too short.",
        "Without the class token's column the weights of a row no longer sum to 1.",
        "Divide the weights by their sum over the keys.",
    ),
    Mistake(
        "ratio-of-sums",
        _ratio_of_sums,
        "Queries whose weights sum to more count more.",
        "All weighted distances were summed up and divided by the sum of all weights.",
        "Divide each row by its own sum first, then average over queries and images.",
    ),
    Mistake(
        "mean-over-keys",
        _mean_over_keys,
        "The result is too small by the number of keys.",
        "The weights already average: summing up the weighted distances is enough.",
        "Use `sum` over the keys, `mean` over queries and images.",
    ),
    Mistake(
        "sum-over-queries",
        _sum_over_queries,
        "The result is too large by the number of queries.",
        "The queries were summed up.",
        "Use `sum` over the keys, `mean` over queries and images.",
    ),
    Mistake(
        "each-image",
        _each_image,
        "There is a number for each image and head.",
        "The mean over the images is missing.",
        "Average over axis 0 as well: one number for each head.",
    ),
    Mistake(
        "all-heads",
        _all_heads,
        "There is one number for all heads.",
        "The heads were averaged too, and they are what the figure compares.",
        "Keep axis 1: average over images and queries only.",
    ),
    Mistake(
        "over-queries",
        _over_queries,
        "It says from how far a patch is looked at, not how far it looks.",
        "The weights were summed up over the queries, axis 2, instead of the keys.",
        "The keys are the last axis.",
    ),
    Mistake(
        "strongest-only",
        _strongest,
        "Only the strongest key of each query counts.",
        "`argmax` throws the other weights away.",
        "Weigh all distances with the attention.",
    ),
)
