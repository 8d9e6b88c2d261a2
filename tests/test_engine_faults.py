"""Every kind of wrong function is told what is wrong with it, in a fixed order."""

import pytest
import toy_exercises as toys
from exercise_checks import (
    attempt,
    fresh_place,  # noqa: F401
    made,
    verdict,
    wrong,
)
from torch import nn

# every fault, in the order in which they are told

FAULTS = {
    "only a docstring": ('"""Do it."""', "`weighted` has only a docstring"),
    "pass": ("pass", "it returns None (case 1 of 2)"),
    "exception": ("return key @ query", "it raises RuntimeError: Expected size"),
    "recursion": ("return globals()['weighted'](query, key, value)", "it raises RecursionError"),
    "SystemExit": ("sys.exit(3)", "it raises SystemExit: 3"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "it raises KeyboardInterrupt (case"),
    "GeneratorExit": ("raise GeneratorExit('x')", "it raises GeneratorExit: x"),
    "MemoryError": ("return [0] * 10**15", "it raises MemoryError"),
    "NameError": ("return querry", "it raises NameError: name 'querry' is not defined"),
    "None": ("query @ key.mT", "it returns None"),
    "type": ("return right(query, key, value, mask).tolist()", "the output is a list of 2, expected a Tensor"),
    "number": ("return 3.0", "the output is a float, expected a Tensor"),
    "generator": ("yield query", "the output is a generator, expected a Tensor"),
    "transposed": (
        "return -right(query, key, value, mask).mT",
        "the output has the shape (2, 3, 5), expected (2, 5, 3): axes 1 and 2 are transposed",
    ),
    "shape": ("return query", "the output has the shape (2, 5, 4), expected (2, 5, 3): axis 2 has 4, expected 3"),
    "axes": ("return right(query, key, value, mask).sum(1)", "2 axes instead of 3"),
    "dtype": (
        "return right(query, key, value, mask).float()",
        "the output is torch.float32, expected torch.float64",
    ),
    "device": ("return right(query, key, value, mask).to('meta')", "on the device meta, expected cpu"),
    "in place": (
        "result = right(query, key, value, mask)\nvalue.data.zero_()\nreturn result",
        "the argument `value` was changed in place",
    ),
    "cut": ("with torch.no_grad():\n    return right(query, key, value, mask)", "the output is cut off"),
    "numpy": (
        "return torch.from_numpy(right(query, key, value, mask).numpy())",
        "when a gradient is wanted, it raises RuntimeError: Can't call numpy() on Tensor that requires grad",
    ),
    "gradient": ("return right(query.detach(), key, value, mask)", "no gradient reaches `query`"),
    "part of the gradient": (
        "return 0.5 * right(query, key, value, mask) + 0.5 * right(query.detach(), key, value, mask)",
        "the outputs are right, but the gradient of `query` is not",
    ),
    "NaN": (
        "return (right(query, key, value, mask) - 0.2).log() + 0 * key.sum()",
        "the output holds NaN or infinity in",
    ),
    "only with a mask": (
        "result = right(query, key, value, mask)\nreturn result if mask is None else result / 0 * 0",
        "the output holds NaN",
    ),
    "numbers": (
        "result = right(query, key, value, mask)\nresult = result + 0\nresult[1, 2, 0] += 0.5\nreturn result",
        "the output differs in 1 of 30 elements: max |Δ| = 0.5 at (1, 2, 0) (case 1 of 2)",
    ),
    "second case": (
        "return right(query, key, value, mask) + (mask is not None)",
        "30 of 30 elements: max |Δ| = 1 at (0, 0, 0) (case 2 of 2, with a mask)",
    ),
}


@pytest.mark.parametrize(("body", "what"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_named(body, what, capsys):
    assert what in wrong(capsys, attempt(body)).splitlines()[0]


IN_ORDER = [
    ("exception", "if mask is not None: raise ValueError('mask')", "it raises ValueError: mask"),
    ("None", "if mask is not None: return None", "it returns None"),
    ("type", "if mask is not None: return [result]", "is a list of 1"),
    ("shape", "if mask is not None: result = result[:1]", "axis 0 has 1, expected 2"),
    ("dtype", "if mask is not None: result = result.float()", "is torch.float32"),
    ("in place", "query.data.mul_(2)", "was changed in place"),
    ("gradient", "result = result.detach()", "the output is cut off"),
    ("NaN", "result = result * torch.nan", "holds NaN"),
    ("numbers", "result = result + 1", "differs in 30 of 30"),
]


@pytest.mark.parametrize("rank", range(len(IN_ORDER)), ids=[name for name, _, _ in IN_ORDER])
def test_of_several_faults_the_first_in_the_order_is_told(rank, capsys):
    lines = ["result = right(query, key, value, mask)"]
    later = IN_ORDER[rank:]
    ordered = [line for _, line, _ in reversed(later)]  # what ends the function comes last
    ending = [line for line in ordered if "return" in line or "raise" in line]
    lines += [line for line in ordered if line not in ending] + ending[::-1] + ["return result"]
    assert IN_ORDER[rank][2] in wrong(capsys, attempt("\n".join(lines))).splitlines()[0]


SIGNATURES = {
    "def weighted(query, key, value): return 1": "(query, key, value): `mask` is missing",
    "def weighted(query, key, value, mask): return 1": "`mask` must have a default",
    "def weighted(query, key, value, mask=None, *, scale): return 1": "`scale` is too many",
    "def weighted(query, value, key, mask=None): return 1": "their order is another",
    "def weighted(q, key, value, mask=None): return 1": "`query` is missing",
    "class weighted: pass": "`weighted` is a class, expected a function",
    "weighted = 3": "`weighted` is of the type int, expected a function",
    "weighted = None": "`weighted` is of the type None, expected a function",
}


@pytest.mark.parametrize("source", SIGNATURES)
def test_a_wrong_signature_is_named_before_anything_runs(source, capsys):
    assert SIGNATURES[source] in wrong(capsys, made(source, "weighted")).splitlines()[0]


def test_an_optional_parameter_more_does_no_harm(capsys):
    answer = made(
        "def weighted(query, key, value, mask=None, dropout=0.0):\n    return 0 + right(query, key, value, mask)",
        "weighted",
    )
    assert verdict(capsys, "99.1", answer)[0] is answer


def test_an_object_that_can_be_called_is_an_answer_too(capsys):
    class Callable:
        def __call__(self, query, key, value, mask=None):
            return toys.weighted(query, key, value, mask)

    answer = Callable()
    assert verdict(capsys, "99.1", answer) == (answer, "✓ 99.1 correct on 2 cases\n")
    assert "it raises TypeError" in wrong(capsys, nn.functional.scaled_dot_product_attention)
