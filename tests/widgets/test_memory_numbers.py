"""The MemoryExplorer's arithmetic: in the browser as in Python, byte by byte, and against other ways to count."""

import random
import re
from dataclasses import asdict
from fractions import Fraction

import pytest

from course_utils import memory_figures
from course_utils.chips import gpus
from course_utils.costs import attention_memory
from course_utils.widgets import MemoryExplorer
from course_utils.widgets.kit import script
from course_utils.widgets.memory import CARDS, CHOICES, default_devices
from course_utils.widgets.settings import DTYPES, KINDS, UNITS, Setting, written_bytes

CLAIM = {"side": 128, "patch": 1, "layers": 48, "heads": 16, "width": 1536}  # iGPT-L at a side it never ran at
SETTINGS = 300
ARITHMETIC = """(text) => {
  const names = "attentionMemory, matricesOf, peakOf, sumOf, describeMemory, windowFault, writeBytes";
  window.memory = new Function(`${text.replace("export default { render };", "")}; return { ${names} }`)();
}"""


@pytest.fixture(scope="module")
def arithmetic(window):
    """A page that has the functions of costs.js and memory.js."""
    window.page.evaluate(ARITHMETIC, script("bits.js", "costs.js", "memory.js"))
    return window.page


def random_calls():
    """Return arguments of `attention_memory` of all kinds, from one token to half a billion GB."""
    draw, calls = random.Random(0), []
    extreme = {"tokens": 512**2, "heads": 97, "width": 97 * 64, "layers": 96, "batch": 1024, "dtype": "FP64"}
    for kind in ("explicit", "fused"):
        calls.append({**extreme, "kind": kind, "training": True, "head_width": None, "window": None})
    while len(calls) < SETTINGS:
        grid, heads = draw.choice([1, 2, 3, 7, 13, 14, 28, 56, 64, 224, 512]), draw.choice([1, 2, 3, 12, 97])
        windows = [side for side in (1, 2, 7, 8, 14) if grid % side == 0]
        kind = draw.choice(["explicit", "explicit", "fused"])
        call = {"tokens": grid**2, "heads": heads, "width": heads * draw.choice([1, 16, 64, 80]), "kind": kind}
        call |= {"layers": draw.choice([1, 2, 12, 96]), "batch": draw.choice([1, 2, 1024])}
        call |= {"training": draw.random() < 0.6, "head_width": draw.choice([None, None, 5, 24])}
        call["window"] = draw.choice([None, *windows]) if kind == "explicit" else None
        calls.append({**call, "dtype": draw.choice(list(DTYPES))})
    return calls


def test_the_peak_in_the_browser_is_pythons_to_the_byte(arithmetic):
    calls = random_calls()
    sent = [{**call, "headWidth": call["head_width"], "itemsize": DTYPES[call["dtype"]].itemsize} for call in calls]
    run = "(calls) => calls.map((call) => memory.attentionMemory(call).map(([name, bytes]) => [name, String(bytes)]))"
    told = arithmetic.evaluate(run, sent)
    expected = [attention_memory(**{**call, "dtype": DTYPES[call["dtype"]]}).terms for call in calls]
    assert [[(name, int(text)) for name, text in terms] for terms in told] == [
        list(terms.items()) for terms in expected
    ]
    largest = max(max(terms.values()) for terms in expected)
    print(
        f"{len(calls)} settings, {len({tuple(terms) for terms in expected})} sets of terms, up to {largest:.1e} bytes"
    )
    assert len(calls) >= 200 and largest > 2**53  # more than an ordinary number of JavaScript counts exactly
    assert len({name for terms in expected for name in terms}) == 11  # all terms there are


def random_settings():
    draw, found = random.Random(1), []
    while len(found) < SETTINGS:
        sizes = {name: draw.choice(offered) for name, offered in CHOICES.items()}
        if sizes["side"] % sizes["patch"] == 0 and sizes["width"] % sizes["heads"] == 0:
            found.append(Setting(**sizes, dtype=draw.choice(list(DTYPES))))
    return found


def test_bars_and_sentences_in_the_browser_are_pythons(arithmetic):
    settings, devices = random_settings(), default_devices()
    run = """([views, kinds, devices, itemsizes]) => views.map((view) => {
      const size = itemsizes[view.dtype], sizes = memory.matricesOf(view, size);
      const peaks = kinds.map((kind) => memory.sumOf(memory.peakOf(view, kind, size)));
      const bars = [...sizes, ...peaks].map((bytes) => (bytes === null ? null : String(bytes)));
      return [bars, memory.describeMemory(view, sizes, devices), memory.windowFault(view)]; })"""
    itemsizes = {name: dtype.itemsize for name, dtype in DTYPES.items()}
    kinds = [asdict(kind) for kind in KINDS]
    told = arithmetic.evaluate(run, [list(map(asdict, settings)), kinds, list(devices.items()), itemsizes])
    for setting, (bars, said, fault) in zip(settings, told, strict=True):
        expected = [None if number is None else str(number) for number in setting.bars().values()]
        assert (bars, said, fault) == (expected, setting.sentence(devices), setting.window_fault), setting
    ways = {re.sub(r"[^a-z]+", " ", said.partition("FP")[2].partition(".")[0]) for _, said, _ in told}
    assert len(ways) > 3 and len({bool(fault) for *_, fault in told}) == 2  # cards with and without room, windows too


def test_bytes_are_written_alike_on_both_sides(arithmetic):
    draw = random.Random(2)
    numbers = [round(10 ** draw.uniform(0, 21)) for _ in range(500)]
    numbers += [
        near for power in range(7) for base in UNITS for near in (base**power - 1, base**power, base**power * 5 // 4)
    ]
    numbers += [999_950_000, 999_949_999, 1023 * 2**30 + 2**29, 22_125_000, 824_633_720_832]
    told = arithmetic.evaluate("(all) => all.map((text) => memory.writeBytes(BigInt(text)))", list(map(str, numbers)))
    assert told == [written_bytes(number) for number in numbers]


def test_both_units_say_the_same_number_of_bytes():
    draw = random.Random(3)
    for number in (round(10 ** draw.uniform(3, 18)) for _ in range(300)):
        for text, base in zip(re.findall(r"([\d.]+ \w+)", written_bytes(number)), UNITS, strict=True):
            value, unit = text.split()
            again = Fraction(value) * base ** UNITS[base].index(unit)
            assert abs(again - number) <= Fraction(1, 2000) * number and 1 <= float(value) < base
    assert written_bytes(999) == "999 B" and written_bytes(999_960) == "1 MB (976.5 KiB)"


# what the numbers must be, by other ways to count


def test_the_lectures_model_takes_768_gib():
    every = 48 * 16 * (128 * 128) ** 2 * 4
    assert every == 768 * 2**30
    assert MemoryExplorer(**CLAIM).sentence == (
        "A 128 x 128 image as pixels is 16,384 tokens; the attention matrices of 48 layers with 16 heads take "
        "824.6 GB (768 GiB) in FP32: more than any of the cards has."
    )


def test_windows_count_pairs_of_tokens_that_share_one():
    setting = Setting(24, 2, 4, 3, 2, 64, 5, "FP16")
    windows = [(row // 4, column // 4) for row in range(12) for column in range(12)]
    pairs = sum(one == other for one in windows for other in windows)
    assert setting.matrices() == [144**2 * 2, 144**2 * 2 * 3 * 2 * 5, pairs * 2 * 3 * 2 * 5]


def test_the_peak_is_more_than_the_matrices_only_where_all_are_kept():
    bars = Setting(**{**CLAIM, "window": 8, "batch": 1, "dtype": "FP32"}).bars()
    assert bars["training, explicit"] > bars["all matrices"] > bars["inference, explicit"] > bars["training, fused"]
    assert bars["training, in windows"] > bars["all matrices, in windows"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"side": 8, "patch": 8, "window": None}, "An 8 x 8 image in patches of 8 x 8 is 1 token; the"),
        ({"batch": 1024}, "1,024 images of 224 x 224 in patches of 16 x 16 are 196 tokens each"),
        ({"side": 112, "patch": 2}, "FP32: too much for Card A, not for B and C."),
        ({"side": 112, "patch": 2, "layers": 48}, "FP32: too much for Card A and B, not for C."),
        ({"layers": 1, "heads": 1}, "of 1 layer with 1 head take 153.7 kB (150.1 KiB) in"),
    ],
)
def test_the_sentence_has_the_right_number_and_article(changes, said):
    assert said in MemoryExplorer(devices={"C": 80, "Card A": 5, "B": 8}, **changes).sentence


def test_the_cards_are_those_of_lesson_01():
    memory = {gpu.name: gpu.memory_gb for gpu in gpus()}
    assert default_devices() == {short: memory[name] for short, name in CARDS.items()}
    assert MemoryExplorer().facts["devices"] == sorted(default_devices().items(), key=lambda device: device[1])


def test_the_figure_shows_the_bars_and_the_cards():
    bars = {"a": (10**6, "1 MB"), "b": (4, "4 B"), "c": (10**9, "1 GB")}
    (axes,) = memory_figures.memory_bars(bars, 1, {"X": 2, "Y": 5.5}).axes
    assert [bar.get_width() for bar in axes.patches] == [10**6, 1000, 10**9]  # the scale starts at 1 kB
    assert [line.get_xdata()[0] for line in axes.lines] == [2e9, 5.5e9]
    assert [text.get_text() for text in axes.texts] == ["1 MB", "4 B", "1 GB", "X: 2 GB", "Y: 5.5 GB"]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [True, False, False]
