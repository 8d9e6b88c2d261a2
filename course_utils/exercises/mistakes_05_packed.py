"""The usual mistakes of exercise 5.5: three projections in one tensor."""

from course_utils.exercises.registry import Mistake


def _named(query, key, value):
    return {"query": query, "key": key, "value": value}


def _key_first(packed):
    key, query, value = packed.chunk(3)
    return _named(query, key, value)


def _value_second(packed):
    query, value, key = packed.chunk(3)
    return _named(query, key, value)


def _backwards(packed):
    value, key, query = packed.chunk(3)
    return _named(query, key, value)


def _interleaved(packed):
    return _named(packed[0::3], packed[1::3], packed[2::3])


def _columns(packed):
    return _named(*packed.chunk(3, dim=-1))


def _transposed(packed):
    return _named(*(part.mT if part.ndim == 2 else part.flip(0) for part in packed.chunk(3)))


def _reshaped(packed):
    third = len(packed) // 3
    return _named(*(packed[n * third : (n + 1) * third].flip(0) for n in range(3)))


def _all_the_same(packed):
    return _named(*[packed[: len(packed) // 3]] * 3)


def _whole(packed):
    return _named(packed, packed, packed)


def _tuple(packed):
    return tuple(packed.chunk(3))


PACKED = (
    Mistake(
        "key-first",
        _key_first,
        "Query and key have changed places.",
        "The first D rows were taken for the key's.",
        "The official order is query, key, value.",
    ),
    Mistake(
        "value-second",
        _value_second,
        "Key and value have changed places.",
        "The rows in the middle were taken for the value's.",
        "The official order is query, key, value.",
    ),
    Mistake(
        "backwards",
        _backwards,
        "Query and value have changed places.",
        "The thirds were read from the last to the first.",
        "The official order is query, key, value.",
    ),
    Mistake(
        "interleaved",
        _interleaved,
        "Every third row was taken, from row 0, 1 and 2 on.",
        "The rows of the three projections are not interleaved: each one's D rows stand together.",
        "Cut the tensor in three blocks along its first axis: `packed.chunk(3)`.",
    ),
    Mistake(
        "columns",
        _columns,
        "A matrix is cut along its columns.",
        "A linear layer's weight is (outputs, inputs), and what is packed are outputs.",
        "Cut along the first axis, for matrices and biases alike.",
    ),
    Mistake(
        "transposed",
        _transposed,
        "The parts are right, but turned around.",
        "A layer's weight keeps its shape (outputs, inputs) when it is cut.",
        "Return the blocks as they are.",
    ),
    Mistake(
        "flipped",
        _reshaped,
        "The rows of each part come in the opposite order.",
        "Every row is one output of its layer, and the heads are cut from them in their order.",
        "Return the blocks as they are.",
    ),
    Mistake(
        "all-the-same",
        _all_the_same,
        "Query, key and value are the same third.",
        "The first D rows were taken three times.",
        "Take the first, the second and the last third.",
    ),
    Mistake(
        "whole",
        _whole,
        "Nothing was cut: all three are the whole tensor.",
        "The tensor has 3 D rows, each projection D.",
        "Cut it in three along its first axis.",
    ),
    Mistake(
        "no-names",
        _tuple,
        "The parts are right, but nobody knows which is which.",
        "A tuple came back instead of a dictionary.",
        'Return {"query": ..., "key": ..., "value": ...}.',
    ),
)
