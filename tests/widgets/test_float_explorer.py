"""The FloatExplorer: its arithmetic in the browser against Python's, pattern by pattern; what a reader does to it."""

import statistics

import pytest
import torch
from explorer_hand import MOST_SECONDS, Hand, visit_fixture

from course_utils import number_figures
from course_utils.floats import FORMATS, FloatFormat
from course_utils.widgets import FloatExplorer
from course_utils.widgets.floats import written
from course_utils.widgets.kit import SCRIPTS, script

ALL = list(FORMATS.values())
TOY = FloatFormat("toy", 3, 2)
visit = visit_fixture("page light", "page dark", "lab Dark")
phone = visit_fixture("phone light")
ARITHMETIC = """([text, formats]) => {
  const names = "decodeBits, encodeBits, kindOf, writeNumber, readNumber, gapOf, neighboursOf";
  window.bits = new Function(`${text}; return { ${names} }`)();
  window.formats = formats;
  window.packed = (values) => [...new BigUint64Array(Float64Array.from(values).buffer)].map(String);
  window.unpacked = (texts) => [...new Float64Array(BigUint64Array.from(texts.map(BigInt)).buffer)];
}"""


@pytest.fixture(scope="module")
def arithmetic(window):
    """A page that has the functions of bits.js."""
    text = (SCRIPTS / "bits.js").read_text(encoding="utf-8").replace("export ", "")
    formats = [{"name": f.name, "e": f.exponent_bits, "m": f.mantissa_bits, "infinity": f.has_infinity} for f in ALL]
    window.page.evaluate(ARITHMETIC, [text, formats])
    return window.page


def patterns(values):
    """Return FP64 values as the numbers of their patterns, in texts: JSON has neither NaN nor 64-bit integers."""
    return [str(code % 2**64) for code in values.double().view(torch.int64).tolist()]


def edges(format):
    """Return numbers around all boundaries of a format, the middles between neighbours among them."""
    codes = [0, 1, 2, 2**format.mantissa_bits - 1, 2**format.mantissa_bits, format.max_code - 1, format.max_code]
    numbers = format.decode(torch.tensor(codes))
    gaps = format.spacing(numbers)
    near = torch.cat([numbers, numbers + gaps / 2, numbers - gaps / 4, torch.nextafter(numbers + gaps / 2, numbers)])
    random = torch.randint(-(2**63), 2**63 - 1, (300,), generator=torch.Generator().manual_seed(0)).view(torch.float64)
    close = torch.randn(300, generator=torch.Generator().manual_seed(1)).double() * format.min_normal * 3
    special = torch.tensor([torch.inf, torch.nan, 0.1, 70000.0, 464.0, 465.0], dtype=torch.float64)
    return torch.cat([near, -near, random, close, special])


@pytest.mark.parametrize("index", range(len(ALL)), ids=lambda index: ALL[index].name)
def test_encoding_in_the_browser_is_pythons(arithmetic, index):
    format, values = ALL[index], edges(ALL[index])
    for saturate in (False, True):
        run = "([texts, i, s]) => unpacked(texts).map((v) => String(bits.encodeBits(v, formats[i], s)))"
        found = arithmetic.evaluate(run, [patterns(values), index, saturate])
        expected = format.encode(values, saturate)
        expected = torch.where(values.isnan(), format.encode(torch.tensor(torch.nan)), expected)
        told = [int(code) for code in found]
        assert [code % 2**format.bits for code in expected.tolist()] == told


@pytest.mark.parametrize("index", range(len(ALL)), ids=lambda index: ALL[index].name)
def test_decoding_kind_and_gap_in_the_browser_are_pythons(arithmetic, index):
    format = ALL[index]
    codes = torch.arange(2**format.bits) if format.bits <= 16 else format.encode(edges(format))
    texts = [str(code % 2**format.bits) for code in codes.tolist()]
    run = "([texts, i]) => packed(texts.map((code) => bits.decodeBits(BigInt(code), formats[i])))"
    values = format.decode(codes)
    numbers = ~values.isnan()
    found = arithmetic.evaluate(run, [texts, index])
    kept = [text for text, is_number in zip(found, numbers.tolist(), strict=True) if is_number]
    assert kept == patterns(values[numbers])
    kinds = arithmetic.evaluate("([t, i]) => t.map((code) => bits.kindOf(BigInt(code), formats[i]))", [texts, index])
    assert [kind == "NaN" for kind in kinds] == values.isnan().tolist()
    assert [kind == "infinity" for kind in kinds] == values.isinf().tolist()
    is_subnormal = (values.abs() < format.min_normal) & (values != 0)
    assert [kind == "subnormal" for kind in kinds] == is_subnormal.tolist()
    finite = values.isfinite()
    texts = [text for text, is_finite in zip(texts, finite.tolist(), strict=True) if is_finite]
    gaps = arithmetic.evaluate("([t, i]) => packed(t.map((c) => bits.gapOf(BigInt(c), formats[i])))", [texts, index])
    assert gaps == patterns(format.spacing(values[finite]))


def test_neighbours_are_the_next_patterns_across_zero_and_up_to_infinity(arithmetic):
    index = NAMES_OF_FORMATS.index("FP16")
    run = "([v, i]) => bits.neighboursOf(bits.encodeBits(v, formats[i]), formats[i]).map(String)"
    cases = {0: ["-5.960464477539063e-8", "5.960464477539063e-8"], 1: ["0.99951171875", "1.0009765625"]}
    cases |= {-1: ["-1.0009765625", "-0.99951171875"], 65504: ["65472", "Infinity"], 2048: ["2047", "2050"]}
    for value, expected in cases.items():
        assert arithmetic.evaluate(run, [value, index]) == expected


NAMES_OF_FORMATS = [format.name for format in ALL]


@pytest.mark.parametrize("text", ["0.1", "-3e-5", ".5", "7.", "+2", "1E3", " 12 ", "inf", "-inf", "∞", "−4"])
def test_numbers_are_read_as_people_type_them(arithmetic, text):
    found = arithmetic.evaluate("(text) => String(bits.readNumber(text))", text)
    clean = text.replace("∞", "inf").replace("−", "-")
    assert float(found.replace("Infinity", "inf")) == float(clean)


@pytest.mark.parametrize("text", ["", "abc", "1,5", "0x10", "1e", "--2", "1 2"])
def test_what_is_no_number_is_not_read_as_one(arithmetic, text):
    assert arithmetic.evaluate("(text) => bits.readNumber(text)", text) is None


def test_numbers_are_written_alike_on_both_sides(arithmetic):
    values = torch.cat([edges(f) for f in ALL])
    values = torch.cat(
        [values, torch.tensor([1e21, 9.9999995e20, 1e-4, 9.999e-5, 123456.5, -0.0, 1.0, 100.0]).double()]
    )
    found = arithmetic.evaluate("(t) => unpacked(t).map((v) => bits.writeNumber(v))", patterns(values))
    assert found == [written(value) for value in values.tolist()]


# what a reader does


def bit(hand, field, number):
    return hand.root.get_by_role("button", name=f"{field} bit {number}:")


def type_number(hand, text):
    hand.root.get_by_label("a number", exact=True).fill(text)


@pytest.fixture
def hand(visit):
    hand = Hand(visit, "floats")
    hand.root.get_by_role("button", name="FP16", exact=True).click()
    type_number(hand, "0.1")
    return hand


def reading(hand, name):
    return hand.root.locator(f"dt:text-is('{name}') + dd").inner_text()


def test_clicking_bits_builds_a_number(hand):
    type_number(hand, "0")
    bit(hand, "mantissa", 10).click()
    assert reading(hand, "kind") == "subnormal"
    assert reading(hand, "which is") == "5.960464477539063e-8"
    for number in range(1, 6):
        bit(hand, "exponent", number).click()
    assert reading(hand, "kind") == "NaN"
    bit(hand, "mantissa", 10).click()
    bit(hand, "sign", 1).click()
    assert reading(hand, "kind") == "infinity"
    assert hand.sentence() == "-infinity in FP16: -infinity."


def test_the_keyboard_moves_between_bits_and_flips_them(hand, visit):
    type_number(hand, "1")
    bit(hand, "sign", 1).focus()
    visit.page.keyboard.press("Space")
    assert reading(hand, "which is") == "-1"
    for _ in range(6):
        visit.page.keyboard.press("ArrowRight")
    visit.page.keyboard.press("Enter")
    assert reading(hand, "which is") == "-1.5"
    visit.page.keyboard.press("End")
    visit.page.keyboard.press("Space")
    assert reading(hand, "which is") == "-1.5009765625"


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("FP16", "2049", "2049 in FP16 is stored as 2048, 0.049% too small; the next number is 2 away."),
        ("FP16", "70000", "70000 in FP16 is too large: it becomes infinity."),
        ("FP8 E4M3", "500", "500 in FP8 E4M3 is too large, and FP8 E4M3 has no infinity: it becomes NaN."),
        ("BF16", "0.5", "0.5 in BF16 is exact; the next number is 0.00390625 away."),
        ("FP16", "1e-9", "1e-9 in FP16 is flushed to 0; the next number is 5.96046e-8 away."),
        ("FP32", "nan", "NaN in FP32: NaN, not a number."),
        ("FP64", "-inf", "-infinity in FP64: -infinity."),
    ],
)
def test_a_typed_number_is_told_as_python_tells_it(hand, name, typed, said):
    hand.root.get_by_role("button", name=name, exact=True).click()
    type_number(hand, typed)
    assert hand.sentence() == said == FloatExplorer(value=float(typed), start=name).sentence


def test_all_formats_are_compared(hand):
    type_number(hand, "500")
    rows = hand.root.locator("tbody tr")
    for row, format in enumerate(ALL):
        name, stored, error, _ = rows.nth(row).locator("th, td").all_inner_texts()
        value = format.round(torch.tensor(500.0)).item()
        assert (name, stored) == (format.name, written(value, 8))
        assert error.startswith("overflow; saturating: 448" if format.name == "FP8 E4M3" else "")
    assert hand.root.locator("tr.vt-chosen th").inner_text() == "FP16"


def test_wrong_text_is_told_and_changes_nothing(hand):
    before = hand.sentence()
    type_number(hand, "1,5")
    told = hand.root.get_by_role("alert").inner_text()
    assert told == "“1,5” is no number: type one such as 0.1, -3e-5, inf or nan."
    assert hand.sentence() == before
    type_number(hand, "1.5")
    assert hand.root.get_by_role("alert").inner_text() == ""


@pytest.mark.alone
def test_it_answers_at_once(hand, visit):
    timed = """(button) => { const start = performance.now(); button.click();
        return new Promise((done) => requestAnimationFrame(() =>
        setTimeout(() => done(performance.now() - start)))); }"""
    hand.root.get_by_role("button", name="FP64", exact=True).click()
    times = [bit(hand, "mantissa", n).evaluate(timed) for n in range(1, 8)]
    print(f"flipping a bit: {statistics.median(times):.0f} ms")
    assert statistics.median(times) < 1000 * MOST_SECONDS


def test_on_a_phone_bits_are_tapped_and_nothing_runs_over_the_edge(phone):
    hand = Hand(phone, "floats")
    for name in ("FP16", "FP64"):
        hand.root.get_by_role("button", name=name, exact=True).tap()
        before = reading(hand, "which is")
        bit(hand, "mantissa", 3).tap()
        assert reading(hand, "which is") != before
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# in Python


def test_it_is_small_and_its_code_is_one_module():
    assert FloatExplorer().stored_bytes < 150_000
    assert script("bits.js", "floats.js").count("export") == 1


def test_any_formats_can_be_shown_and_wrong_ones_are_told():
    assert FloatExplorer([TOY], value=3.3, start="toy").sentence == (
        "3.3 in toy is stored as 3.5, 6.1% too large; the next number is 0.5 away."
    )
    with pytest.raises(ValueError, match="'FP4' is none of the formats: start with one of FP64, FP32"):
        FloatExplorer(start="FP4")
    with pytest.raises(ValueError, match="the formats are called nothing"):
        FloatExplorer([])
    with pytest.raises(ValueError, match="the formats are called toy, toy: pass one or more, by unlike names"):
        FloatExplorer([TOY, TOY], start="toy")


def test_the_figures_show_the_formats_numbers():
    layouts = number_figures.bit_layouts(ALL).axes[0]
    widths = [patch.get_width() for patch in layouts.patches]
    assert widths == [bits for f in ALL for bits in (1, f.exponent_bits, f.mantissa_bits)]
    reach, precision = number_figures.range_against_precision(ALL).axes
    ends = [patch.get_x() + patch.get_width() for patch in reach.patches][::2]
    assert ends == pytest.approx([torch.tensor(f.max, dtype=torch.float64).log10().item() for f in ALL])
    assert [text.get_text() for text in precision.texts] == ["16.0", "7.2", "3.3", "2.4", "3.3", "1.2", "0.9"]
