"""What the attention of a whole image takes: from the side of the image to bytes.

Notation: `R` side of the image, `P` of a patch (1 for pixels), `N` tokens, `h` heads, `L` layers.
"""

import math


def attention_matrix_bytes(
    side: int, patch: int = 1, *, layers: int = 1, heads: int = 1, class_token: bool = False, bits: int = 32
) -> int:
    """Return the bytes of all N x N attention matrices of a model.

    Args:
        side: R, of a square image.
        patch: P, a divisor of R.
        layers: L.
        heads: h.
        class_token: one token more than there are patches.
        bits: of one number.

    Raises:
        ValueError: R is not a multiple of P.
    """
    if side % patch:
        raise ValueError(f"image side {side} is not a multiple of the patch side {patch}: change one of them")
    tokens = (side // patch) ** 2 + class_token
    return tokens**2 * layers * heads * bits // 8


def peak_matrices(layers: int, *, training: bool) -> int:
    """Return how many N x N matrices for each head exist at once when attention is written out.

    Args:
        layers: L.
        training: forward and backward; otherwise forward only.

    Returns:
        for inference 2: scores and their softmax. For training the weights of all layers, kept for the backward
        pass, and in the softmax's own backward pass the gradients of weights and scores: L + 2.
    """
    return layers + 2 if training else 2


def largest_side(gigabytes: float, patch: int = 1, *, matrices: int = 1, heads: int = 1, bits: int = 32) -> int:
    """Return the side R of the largest square image whose attention matrices fit.

    Args:
        gigabytes: memory, in GB of 10^9 bytes.
        patch: P; the side is a multiple of it.
        matrices: N x N matrices that exist at once, for each head.
        heads: h.
        bits: of one number.

    Returns:
        R in pixels, a multiple of P: (R/P)^4 numbers for every matrix and head.
    """
    numbers = round(gigabytes * 1e9) * 8 // (matrices * heads * bits)  # of one matrix; whole, so that none is lost
    most_tokens = math.isqrt(numbers)
    return math.isqrt(most_tokens) * patch
