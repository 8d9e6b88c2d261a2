"""The explorers in Python: exact numbers, few bytes, fixed text, clear errors. The browser tests are next door."""

import re
import shutil
import subprocess

import anywidget
import numpy as np
import pytest
import torch
from explorers import ALL, CLASS, GRID, QUERIES, STEPS, cross_maps, handmade, influences, maps_of

from course_utils import data, plots
from course_utils.widgets import AttentionExplorer, SequenceExplorer, Tokens
from course_utils.widgets.arrays import decode, encode, pack
from course_utils.widgets.kit import MOST_BYTES, SCRIPTS, SHARED, hex_table, script, webp

CAT = data.photograph("cat")
WORDS = {
    "single": "Layer 1, mean of 4 heads: the patch at row 4, column 7 gives ",
    "fine": "The patch at row 6, column 11 gives the most of its attention (6.8%) to itself, then 6.4% to the patch at "
    "row 8, column 19.",
    "pair": "First, mean of 4 heads: the patch at row 4, column 7 gives ",
    "cross": "Layer 1, mean of 3 heads: object query 1 gives the most of its attention ",
    "sequence": "After 3 layers, output 6 has heard of 7 of 12 inputs with recurrent (36 steps, layer after "
    "layer), 7 with convolution (3), 12 with self-attention (3).",
    "memory": "A 224 x 224 image in patches of 16 x 16 is 196 tokens; the attention matrices of 12 layers with 12 "
    "heads take 22.13 MB (21.1 MiB) in FP32: every card has room for them. Within windows of 7 x 7 tokens they take "
    "5.532 MB (5.276 MiB), 4 times less.",
    "receptive": "At row 5, column 9 the convolution uses its 9 weights unchanged, and gives 0.66. Attention (mean of "
    "2 heads) gives the most, 17.4%, to itself; its weighted mean is 0.39.",
    "floats": "0.1 in FP16 is stored as 0.0999756, 0.024% too small; the next number is 6.10352e-5 away.",
    "tradeoff": "Wide ViT (yours): 87.5 % at 310 k parameters; CNN, Non-local CNN, Hybrid ViT, DeiT, Swin and MViTv2 "
    "are better on both. On the front: CNN, Non-local CNN, SASA and Hybrid ViT (4 of 12).",
}


@pytest.fixture(scope="module")
def made():
    return {make.__name__: make() for make in ALL}


# numbers


@pytest.mark.parametrize(
    "weights",
    [
        handmade(),
        maps_of(0, 1)[0],
        torch.rand(9, 40) ** 9,
        torch.full((3, 4096), 1 / 4096),
        torch.eye(5),
        torch.ones(1),
    ],
)
def test_the_shown_digit_is_exact_and_zero_stays_zero(weights):
    codes, fine = encode(weights)
    again = decode(codes, fine)
    exact = weights.double().numpy()
    shown = np.array([f"{value:.1%}" for value in exact.flatten()])
    assert (shown == np.array([f"{value:.1%}" for value in again.flatten()])).all()
    assert np.abs(again - exact).max() <= 0.5001e-3 / fine
    assert (again[exact == 0] == 0).all() and fine % 2 == 1
    assert codes.dtype == np.uint16 and len(np.unique(codes)) >= min(50, len(np.unique(shown)))


def test_ties_are_rounded_as_python_rounds_them():
    ties = torch.tensor([1 / 16, 3 / 16, 1 / 2000, 1.0])
    assert [f"{value:.1%}" for value in decode(*encode(ties))] == [f"{value:.1%}" for value in ties.tolist()]


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), float("inf")])
def test_what_is_no_weight_is_refused(wrong):
    with pytest.raises(ValueError, match="lie between 0 and 1"):
        encode(torch.tensor([0.5, wrong]))


def test_only_sixteen_bits_are_packed():
    data_, headers = pack({"a": np.array([[1, 65535]]), "b": np.arange(3)})
    assert headers == [{"name": "a", "shape": [1, 2]}, {"name": "b", "shape": [3]}] and isinstance(data_, bytes)
    for wrong in ([65536], [-1]):
        with pytest.raises(ValueError, match="takes 0 to 65535"):
            pack({"a": np.array(wrong)})


# text, picture, size


@pytest.mark.parametrize("name", WORDS)
def test_the_text_form_is_one_fixed_sentence_a_model(made, name):
    explorer = made[name]
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/plain"] == repr(explorer) == explorer.sentence
    assert explorer.sentence.startswith(WORDS[name])
    alts = re.findall(r'<img [^>]*alt="([^"]+)"', bundle["text/html"])
    assert " ".join(alts) == explorer.sentence
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id


@pytest.mark.parametrize("make", ALL)
def test_made_again_it_is_the_same(made, make):
    again, first = make(), made[make.__name__]
    for key in ("text/plain", "text/html"):
        assert again._repr_mimebundle_()[key] == first._repr_mimebundle_()[key]
    assert (again.facts, again.data, again.photograph) == (first.facts, first.data, first.photograph)


@pytest.mark.parametrize("name", WORDS)
def test_no_explorer_is_larger_than_it_may_be(made, name):
    explorer = made[name]
    print(f"{name}: {explorer.stored_bytes / 1000:.0f} kB, of which arrays {len(explorer.data) / 1000:.0f}")
    assert explorer.stored_bytes <= MOST_BYTES == 300_000
    assert isinstance(explorer, anywidget.AnyWidget)


def test_a_large_one_names_its_size_and_the_remedy():
    torch.manual_seed(0)
    maps = [torch.randn(4, 126, 126).mul(2).softmax(dim=-1) for _ in range(4)]
    with pytest.raises(
        ValueError, match=r"takes \d{3} kB, 300 kB at the most .*\(4, 6, 126, 126\).* fewer layers or heads"
    ):
        AttentionExplorer(CAT, maps, GRID)


def test_the_sentence_has_the_models_numbers(made):
    weights = maps_of(0, 2)[0].mean(dim=0)[4 * 14 + 7]
    own, (most, where) = weights[4 * 14 + 7], weights.max(dim=0)
    row, column = divmod(int(where), 14)
    said = f"gives {own:.1%} of its attention to itself and the most ({most:.1%}) to the patch at row {row}, column "
    assert made["single"].sentence.endswith(f"{said}{column}.")


def test_of_equal_shares_the_token_itself_counts_as_the_largest():
    same = torch.full((1, 6, 6), 1 / 6)
    told = AttentionExplorer(CAT, [same], (2, 3), start=(1, 1)).sentence
    assert told == (
        "The patch at row 1, column 1 gives the most of its attention (16.7%) to itself, "
        "then 16.7% to the patch at row 0, column 0."
    )


def test_colours_are_those_of_the_figures(made):
    table = made["single"].facts["colours"]["attention"]
    assert len(table) == 256 * 6 and table == hex_table(plots.ATTENTION)
    assert [int(table[-6:][place : place + 2], 16) for place in (0, 2, 4)] == list(plots.ATTENTION(255, bytes=True)[:3])


# wrong input

STACK = maps_of(0, 1)
WRONG = {
    "layer 1 has the shape (1, 4, 126, 126): pick one image": lambda: AttentionExplorer(CAT, [STACK[0][None]], GRID),
    "layer 1 has the shape (126, 126): add the heads": lambda: AttentionExplorer(CAT, [STACK[0][0]], GRID),
    "makes? it (4, 127, 127)": lambda: AttentionExplorer(CAT, STACK, CLASS),
    "layer 2 has the shape (2, 126, 126)": lambda: AttentionExplorer(CAT, [STACK[0], STACK[0][:2]], GRID),
    "layer 1 has the maps self, cross": lambda: AttentionExplorer(CAT, [{"self": STACK[0], "cross": STACK[0]}], GRID),
    "there are no maps": lambda: AttentionExplorer(CAT, [], GRID),
    "no token (9, 0)": lambda: AttentionExplorer(CAT, STACK, GRID, start=(9, 0)),
    "no token 'class token'": lambda: AttentionExplorer(CAT, STACK, GRID, start="class token"),
    "3 models don't fit": lambda: AttentionExplorer(CAT, dict.fromkeys("abc", STACK), GRID),
    "models side by side share one grid": lambda: AttentionExplorer(
        CAT, {"a": STACK, "b": cross_maps()}, {"a": Tokens(GRID), "b": QUERIES}, Tokens(GRID)
    ),
    "none for 'b'": lambda: AttentionExplorer(CAT, {"a": STACK, "b": STACK}, {"a": Tokens(GRID)}),
    "pass one image, not a batch": lambda: webp(CAT[None]),
    "pass RGB in 0..1": lambda: webp(CAT * 255),
    "nothing to show": lambda: SequenceExplorer({}, {}),
    "1 tokens don't fit": lambda: SequenceExplorer({"a": [torch.ones(1, 1)]}, {"a": 1}),
    "a has matrices of the shapes [(2, 3)]": lambda: SequenceExplorer({"a": [torch.ones(2, 3)]}, {"a": 1}),
    "an influence is a norm": lambda: SequenceExplorer({"a": [-torch.ones(2, 2)]}, {"a": 1}),
    "steps for b, but influences of a": lambda: SequenceExplorer({"a": [torch.ones(2, 2)]}, {"b": 1}),
    "2 names don't fit 12 tokens": lambda: SequenceExplorer(influences(), STEPS, ["x", "y"]),
    "start 12 is no token": lambda: SequenceExplorer(influences(), STEPS, start=12),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_input_is_named_with_a_remedy(message):
    message_pattern = re.escape(message).replace(r"makes\?", "make")
    with pytest.raises(ValueError, match=message_pattern):
        WRONG[message]()


# the code


@pytest.mark.parametrize("name", WORDS)
def test_the_joined_module_stands_alone(made, name, tmp_path):
    text = str(made[name]._esm)
    assert "import " not in re.sub(r"//.*|/\*.*?\*/", "", text) and text.count("export ") == 1
    assert not re.search(r"https?://", text + str(made[name]._css))
    if shutil.which("node"):
        (tmp_path / "joined.mjs").write_text(text, encoding="utf-8")
        done = subprocess.run(["node", "--check", str(tmp_path / "joined.mjs")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_names_differ_between_the_files_that_are_joined():
    for names in (("words.js", "panel.js", "attention.js"), ("sequence.js",)):
        top = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", script(*names), flags=re.MULTILINE)
        assert len(top) == len(set(top)) > 20


def test_every_import_is_one_line_of_a_neighbour_that_exports_it():
    for path in SCRIPTS.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 250, path.name
        for names, neighbour in re.findall(r'^import \{ (.+) \} from "\./(.+)";$', text, flags=re.MULTILINE):
            there = (SCRIPTS / neighbour).read_text(encoding="utf-8")
            for name in names.split(", "):
                assert re.search(rf"^export (async )?(function|const) {name}\b", there, flags=re.MULTILINE), (
                    path.name,
                    name,
                )
                assert re.search(rf"\b{name}\b", text.partition("from")[2]), (path.name, name)
    assert set(SHARED) <= {path.name for path in SCRIPTS.glob("*.js")}
