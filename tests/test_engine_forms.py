"""What isn't an attempt, what is wrong with modules and nested outputs; and no diagnosis is ever false."""

import functools
from dataclasses import replace

import pytest
import torch
import toy_exercises as toys
from exercise_checks import (
    OPEN,
    attempt,
    fresh_place,  # noqa: F401
    made,
    verdict,
    wrong,
)
from IPython.core.interactiveshell import InteractiveShell

from course_utils.exercises import compare, registry

# not attempted


@pytest.mark.parametrize("body", ["...", '"""Do it."""\n...'])
def test_a_stub_is_not_an_attempt(body, capsys):
    assert verdict(capsys, "99.1", attempt(body)) == (toys.weighted, OPEN.format("99.1"))


def test_a_stub_without_source_is_not_an_attempt(capsys):
    names = {}
    exec("def weighted(query, key, value, mask=None): ...\nshort = lambda query, key, value, mask=None: ...", names)
    for stub in (names["weighted"], names["short"], ...):
        assert verdict(capsys, "99.1", stub) == (toys.weighted, OPEN.format("99.1"))


def test_a_class_of_stubs_is_not_an_attempt(capsys):
    source = '''
        class Mixer(nn.Module):
            """A layer."""
            def __init__(self, tokens, width): ...
            def forward(self, x): ...
    '''
    for text in (source, "class Mixer(nn.Module): ..."):
        assert verdict(capsys, "99.2", made(text, "Mixer")) == (toys.Mixer, OPEN.format("99.2"))


def test_a_half_empty_class_is_wrong(capsys):
    source = """
        class Mixer(nn.Module):
            def __init__(self, tokens, width):
                super().__init__()
            def forward(self, tokens): ...
    """
    assert "the method `forward` of `Mixer` is still empty" in wrong(capsys, made(source, "Mixer"), "99.2")


def test_thin_wrappers_of_the_courses_object_are_not_attempts(capsys):
    @functools.wraps(toys.weighted)
    def wrapped(*arguments, **keywords):
        return toys.weighted(*arguments, **keywords)

    class Mixer(toys.Mixer):
        pass

    for id, answer in (("99.1", wrapped), ("99.1", functools.partial(toys.weighted)), ("99.2", Mixer)):
        assert verdict(capsys, id, answer)[1] == OPEN.format(id)


def test_a_stub_in_a_notebook_cell_is_not_an_attempt(capsys):
    shell = InteractiveShell.instance()
    shell.run_cell('def weighted(query, key, value, mask=None):\n    """Do it."""\n    ...')
    assert verdict(capsys, "99.1", shell.user_ns["weighted"])[1] == OPEN.format("99.1")
    shell.run_cell("def weighted(query, key, value, mask=None):\n    pass")
    assert "it returns None" in wrong(capsys, shell.user_ns["weighted"])
    shell.run_cell("# a comment\n\ndef weighted(query, key, value, mask=None):\n    x = 1\n    return x / 0")
    assert "it happens in line 5 of the cell: `return x / 0`" in wrong(capsys, shell.user_ns["weighted"])


MODULES = {
    "not a module": (
        """
        class Mixer:
            def forward(self, tokens): return 1
        """,
        "expected a class derived from nn.Module",
    ),
    "no forward": (
        """
        class Mixer(nn.Module):
            def __init__(self, tokens, width): super().__init__()
        """,
        "`Mixer` has no method `forward`",
    ),
    "other parameters": (
        """
        class Mixer(nn.Module):
            def __init__(self, width): super().__init__()
            def forward(self, tokens): return tokens
        """,
        "`Mixer.__init__` has the parameters (self, width): `tokens` is missing",
    ),
    "no super": (
        """
        class Mixer(nn.Module):
            def __init__(self, tokens, width): self.mix = nn.Linear(3, 3)
            def forward(self, tokens): return tokens
        """,
        "it raises AttributeError: cannot assign module before Module.__init__() call",
    ),
    "names": (
        """
        class Mixer(nn.Module):
            def __init__(self, tokens, width):
                super().__init__()
                self.mix = nn.Linear(width, tokens)
                self.norm = nn.LayerNorm(width, dtype=torch.float32)
                self.lin = nn.Linear(1, 1, bias=False)
            def forward(self, tokens): return tokens
        """,
        "`shift` is missing; `order` is missing; `lin.weight` is too many; `norm.weight` is torch.float32, expected"
        " torch.float64; `norm.bias` is torch.float32, expected torch.float64; `mix.weight` is (5, 4), expected (5, 5)",
    ),
    "frozen": (
        """
        class Mine(Mixer):
            def __init__(self, tokens, width):
                super().__init__(tokens, width)
                self.mix.weight.requires_grad_(False)
            def forward(self, tokens): return super().forward(tokens)
        Mixer = Mine
        """,
        "no gradient reaches parameter `mix.weight`",
    ),
    "numbers": (
        """
        class Mine(Mixer):
            def forward(self, tokens): return super().forward(tokens) * 2
        Mixer = Mine
        """,
        "differs in 40 of 40 elements",
    ),
}


@pytest.mark.parametrize(("source", "what"), MODULES.values(), ids=MODULES)
def test_each_fault_of_a_module_is_named(source, what, capsys):
    assert what in wrong(capsys, made(source, "Mixer"), "99.2").splitlines()[0]


STRUCTURES = {
    "two values": ("return image.mean(), {}", "the output is a tuple of 2, expected a tuple of 3"),
    "keys": ("return image.mean(), {'rows': 1}, 12", "the output[1] is a dict with the keys rows, expected"),
    "inside": (
        "return image.mean(), {'rows': image.mean(1), 'columns': image.mean(0)[:1]}, 12",
        "the output[1]['columns'] has the shape (1,), expected (4,)",
    ),
    "a float for an int": (
        "return image.mean(), {'rows': image.mean(1), 'columns': image.mean(0)}, 12.0",
        "the output[2] is a float, expected an int",
    ),
    "a huge int": (
        "return image.mean(), {'rows': image.mean(1), 'columns': image.mean(0)}, 10**99999",
        "the output[2] is an integer of 332190 bits, expected 12",
    ),
}


@pytest.mark.parametrize(("body", "what"), STRUCTURES.values(), ids=STRUCTURES)
def test_nested_outputs_are_compared_leaf_by_leaf(body, what, capsys):
    answer = made(f"def summary(image, sides):\n    if sides < 1: raise ValueError\n    {body}", "summary")
    assert what in wrong(capsys, answer, "99.3").splitlines()[0]


# diagnoses are never false

NO_SCALE = "s = query @ key.mT\ns = s if mask is None else s.masked_fill(~mask, -torch.inf)\n"
TWO_AT_ONCE = {
    "no scale and another sign": NO_SCALE + "return -s.softmax(-1) @ value",
    "no scale and no mask": "return (query @ key.mT).softmax(-1) @ value",
    "no scale and a millionth more": NO_SCALE + "return s.softmax(-1) @ value * (1 + 1e-6)",
    "no scale and in place": NO_SCALE + "query.data.zero_()\nreturn s.softmax(-1) @ value",
    "no mask and transposed": "return right(query, key, value).mT",
    "detached and another number": "return right(query, key.detach(), value, mask) + 1",
    "no transpose, but another message": "raise RuntimeError('Expected size for')",
}


@pytest.mark.parametrize("body", TWO_AT_ONCE.values(), ids=TWO_AT_ONCE)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(body, capsys):
    lines = wrong(capsys, attempt(body))
    assert not any(mistake.what in lines for mistake in toys.WEIGHTED.mistakes)


def test_of_two_mistakes_that_look_alike_the_first_is_told(capsys, monkeypatch):
    twice = (toys.told("first", toys.weighted_no_scale), toys.told("second", toys.weighted_no_scale))
    monkeypatch.setattr(registry, "lesson_exercises", lambda _: (replace(toys.WEIGHTED, mistakes=twice),))
    assert "first: what" in wrong(capsys, toys.weighted_no_scale)


def test_float32_on_the_way_is_called_rounding(capsys):
    body = "return right(query.float(), key.float(), value.float(), mask).double()"
    assert "passes through float32" in wrong(capsys, attempt(body))


def test_a_small_number_that_was_added_is_not_taken_for_float32_alone(capsys):
    lines = wrong(capsys, attempt("return right(query, key, value, mask) + 1e-8"))
    assert "or from a small number that was added" in lines


def test_the_values_of_gradients_say_nothing_where_another_case_is_wrong(capsys):
    body = "result = right(query, key, value)\nreturn 0.5 * (result + result.detach()) + (mask is not None)"
    lines = wrong(capsys, attempt(body)).splitlines()
    assert "differs in 30 of 30 elements" in lines[0] and "case 2 of 2" in lines[0]


@pytest.mark.parametrize(("off", "accepted"), [(5e-7, True), (3e-6, False)])
def test_a_plain_number_may_have_gone_through_float32(off, accepted):
    assert compare.same(0.726851, 0.726851 * (1 + off)) == accepted
    assert not compare.same(torch.tensor(0.5), torch.tensor(0.5 * (1 + off)))


def test_a_mistake_whose_gradients_are_nan_is_recognised(capsys, monkeypatch):
    def rooted(query, key, value, mask=None):
        return toys.weighted(query, key, value, mask) * (query - query).sum().sqrt()  # infinite slope at 0

    known = replace(toys.WEIGHTED, mistakes=(toys.told("rooted", rooted),))
    monkeypatch.setattr(registry, "lesson_exercises", lambda _: (known,))
    body = "return right(query, key, value, mask) * (query - query).sum().sqrt()"
    assert "rooted: what" in wrong(capsys, attempt(body))
