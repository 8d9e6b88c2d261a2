"""The usual mistakes of exercise 4.2: the bytes of a model's attention matrices."""

from course_utils.exercises.registry import Mistake
from course_utils.image_memory import attention_matrix_bytes


def _counted(tokens, layers, heads, bits):
    """Return the bytes of attention matrices with so many tokens; what else a mistake gets wrong is given wrongly."""
    return tokens**2 * layers * heads * bits // 8


def _bits_for_bytes(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted((side // patch) ** 2 + class_token, layers, heads, 8 * bits)


def _numbers(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted((side // patch) ** 2 + class_token, layers, heads, 8)


def _always_four_bytes(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return attention_matrix_bytes(side, patch, layers=layers, heads=heads, class_token=class_token)


def _side_for_tokens(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted(side // patch + class_token, layers, heads, bits)


def _not_squared(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return ((side // patch) ** 2 + class_token) * layers * heads * bits // 8


def _token_after_squaring(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return ((side // patch) ** 4 + class_token) * layers * heads * bits // 8


def _token_in_the_side(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted((side // patch + class_token) ** 2, layers, heads, bits)


def _no_class_token(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return attention_matrix_bytes(side, patch, layers=layers, heads=heads, bits=bits)


def _one_head(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return attention_matrix_bytes(side, patch, layers=layers, class_token=class_token, bits=bits)


def _one_layer(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return attention_matrix_bytes(side, patch, heads=heads, class_token=class_token, bits=bits)


def _heads_share(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _one_head(side, patch, layers=layers, class_token=class_token, bits=bits) // heads


def _patch_once(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted(side**2 // patch + class_token, layers, heads, bits)


def _pixels_for_patches(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted(side**2 + class_token, layers, heads, bits)


def _pixels_of_a_patch(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted(patch**2 + class_token, layers, heads, bits)


def _two_matrices(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return 2 * _counted((side // patch) ** 2 + class_token, layers, heads, bits)


def _in_gigabytes(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted((side // patch) ** 2 + class_token, layers, heads, bits) / 1e9


def _in_gibibytes(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return _counted((side // patch) ** 2 + class_token, layers, heads, bits) / 2**30


BYTES = (
    Mistake(
        "bits-for-bytes",
        _bits_for_bytes,
        "The result is 8 times too large.",
        "It counts bits, and bytes are asked for.",
        "Ask how many bits there are in a byte.",
    ),
    Mistake(
        "numbers",
        _numbers,
        "The result doesn't depend on `bits`.",
        "It says how many numbers there are, and each of them takes more than one byte.",
        "Find out how many bytes one number takes, and count them.",
    ),
    Mistake(
        "always-four-bytes",
        _always_four_bytes,
        "In 32 bits the result is right, and in 16 bits it is twice as large as it should be.",
        "A number is taken for 4 bytes, but that is only the default of `bits`.",
        "Compute the bytes of one number from `bits`.",
    ),
    Mistake(
        "side-for-tokens",
        _side_for_tokens,
        "The result grows with R², so an image that is twice as wide takes only 4 times as much.",
        "R/P is the number of patches in one row of the image, and it stands where all tokens should.",
        "Count the patches of the whole image first, and only then the entries of a matrix.",
    ),
    Mistake(
        "not-squared",
        _not_squared,
        "There is one number for each token.",
        "An attention matrix has a row for each token, and in each row a weight for every token.",
        "Count rows and columns of the matrix.",
    ),
    Mistake(
        "token-after-squaring",
        _token_after_squaring,
        "With a class token the matrix has only one number more.",
        "The 1 is added to the entries of the matrix, but a new token brings a whole row and a whole column.",
        "Add the class token to the other tokens, before you count entries.",
    ),
    Mistake(
        "token-in-the-side",
        _token_in_the_side,
        "With a class token there are far too many tokens.",
        "The 1 is added to the side of the grid of patches, which adds a whole row and column of patches.",
        "Count the patches first; the class token is one token more.",
    ),
    Mistake(
        "no-class-token",
        _no_class_token,
        "The result is right without a class token, and with one it stays the same.",
        "`class_token` isn't used.",
        "Count one token more if it is True.",
    ),
    Mistake(
        "one-head",
        _one_head,
        "The result is that of a single head.",
        "`heads` isn't used, but every head has an attention matrix of its own.",
        "Count the matrices of all heads.",
    ),
    Mistake(
        "one-layer",
        _one_layer,
        "The result is that of a single layer.",
        "`layers` isn't used, but every layer has attention matrices of its own.",
        "Count the matrices of all layers.",
    ),
    Mistake(
        "heads-share",
        _heads_share,
        "The more heads there are, the smaller the result.",
        "Heads share the width of a token among them, but not its attention: each compares all tokens with all.",
        "Ask how large the matrix of one head is, and how many such matrices there are.",
    ),
    Mistake(
        "patch-once",
        _patch_once,
        "With patches there are too many tokens.",
        "The R² pixels are divided by P, but a patch is P pixels wide and P pixels high.",
        "Find out how many patches stand side by side in one row, and how many such rows there are.",
    ),
    Mistake(
        "pixels-for-patches",
        _pixels_for_patches,
        "Every pixel is a token, also where there are patches.",
        "`patch` isn't used.",
        "Count patches: how many stand side by side in one row of the image?",
    ),
    Mistake(
        "pixels-of-a-patch",
        _pixels_of_a_patch,
        "The result doesn't depend on the side of the image.",
        "P² is the number of pixels in one patch, and it stands where the number of patches should.",
        "Count how many patches the image is cut into.",
    ),
    Mistake(
        "two-matrices",
        _two_matrices,
        "The result is twice as large as it should be.",
        "Two matrices are counted for each head, perhaps the scores and their softmax.",
        "Count one for each head and layer here; how many exist at once is a later exercise.",
    ),
    Mistake(
        "in-gigabytes",
        _in_gigabytes,
        "The result is 10⁹ times too small.",
        "It is in GB, and bytes are asked for.",
        "Leave that division to whoever prints the result.",
    ),
    Mistake(
        "in-gibibytes",
        _in_gibibytes,
        "The result is 2³⁰ times too small.",
        "It is in GiB, and bytes are asked for.",
        "Leave that division to whoever prints the result.",
    ),
)
