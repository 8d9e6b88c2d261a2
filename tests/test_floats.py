"""Number formats against torch and ml_dtypes: every pattern of the small ones, a million of the large ones."""

import time

import ml_dtypes
import numpy as np
import pytest
import torch

from course_utils.data import table
from course_utils.floats import FORMATS, FloatFormat, decode, round_to_format

TORCH = {
    "FP64": (torch.float64, torch.int64),
    "FP32": (torch.float32, torch.int32),
    "BF16": (torch.bfloat16, torch.int16),
    "FP16": (torch.float16, torch.int16),
    "FP8 E4M3": (torch.float8_e4m3fn, torch.int8),
    "FP8 E5M2": (torch.float8_e5m2, torch.int8),
}
NUMPY = {
    "BF16": ml_dtypes.bfloat16,
    "FP16": np.float16,
    "FP8 E4M3": ml_dtypes.float8_e4m3fn,
    "FP8 E5M2": ml_dtypes.float8_e5m2,
}
SMALL = list(NUMPY)


def by_torch(name, codes):
    """Return the values of patterns as torch reads them; its integers are signed."""
    dtype, integer = TORCH[name]
    bits = FORMATS[name].bits
    signed = torch.where(codes >= 2 ** (bits - 1), codes - 2**bits, codes) if bits < 64 else codes
    return signed.to(integer).view(dtype).double()


def by_numpy(name, values):
    with np.errstate(over="ignore", invalid="ignore"):
        return torch.from_numpy(values.numpy().astype(NUMPY[name]).astype(np.float64))


def same(one, other):
    """Whether two tensors are equal bit by bit, any NaN counting as any other."""
    nan = one.isnan()
    bits_are_equal = torch.equal(one[~nan].view(torch.int64), other[~nan].view(torch.int64))
    return torch.equal(nan, other.isnan()) and bits_are_equal


def odd_values(count=250_000):
    """Return FP32 values of all magnitudes: random bit patterns, which also make subnormals, infinities and NaN."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(-(2**31), 2**31, (count,), generator=generator).int().view(torch.float32).double()


def around(format):
    """Return the format's boundaries, the middles between its numbers there, and a hair's breadth to both sides."""
    last = format.max_code
    edges = [0, 1, 2, 3, 2**format.mantissa_bits - 1, 2**format.mantissa_bits, last - 2, last - 1, last]
    numbers = format.decode(torch.tensor(edges))
    middles = torch.stack([numbers, numbers + format.spacing(numbers) / 2, numbers - format.spacing(numbers) / 2])
    nearby = torch.stack([middles, *(torch.nextafter(middles, side) for side in torch.tensor([-torch.inf, torch.inf]))])
    return torch.cat([nearby.flatten(), -nearby.flatten()])


@pytest.mark.parametrize("name", SMALL)
def test_every_pattern_of_the_small_formats_decodes_to_torchs_value(name):
    codes = torch.arange(2 ** FORMATS[name].bits)
    assert same(FORMATS[name].decode(codes), by_torch(name, codes))


@pytest.mark.parametrize("name", SMALL)
def test_every_value_of_the_small_formats_encodes_to_its_own_pattern(name):
    codes = torch.arange(2 ** FORMATS[name].bits)
    values = by_torch(name, codes)
    encoded = FORMATS[name].encode(values)
    numbers = ~values.isnan()
    assert torch.equal(encoded[numbers], codes[numbers])
    assert by_torch(name, encoded[~numbers]).isnan().all()


@pytest.mark.parametrize("name", ["FP32", "FP64"])
def test_a_million_random_patterns_of_the_large_formats_go_both_ways(name):
    generator = torch.Generator().manual_seed(1)
    ends = torch.arange(2000) - 1000
    codes = torch.randint(-(2**63), 2**63 - 1, (1_000_000,), generator=generator)
    codes = torch.cat([codes, ends, ends + 2**52, ends + (2047 << 52), ends - 2**63 + 1000])
    if name == "FP32":
        codes = torch.cat([codes & 0xFFFFFFFF, ends.abs(), *(ends + (e << 23) for e in (1, 2, 254, 255, 256, 511))])
    values = by_torch(name, codes)
    assert same(FORMATS[name].decode(codes), values)
    numbers = ~values.isnan()
    assert torch.equal(FORMATS[name].encode(values)[numbers], codes[numbers])


@pytest.mark.parametrize("name", ["FP32", *SMALL])
def test_rounding_is_torchs(name):
    format = FORMATS[name]
    values = torch.cat([odd_values(), around(format).float().double(), odd_values(50_000) * 2.0**-100])
    if name == "FP8 E4M3":  # torch saturates or not, depending on its version
        values = values[~(values.abs() > 464)]
    assert same(format.round(values), values.to(TORCH[name][0]).double())


@pytest.mark.parametrize("name", SMALL)
def test_rounding_is_ml_dtypes_which_never_saturates(name):
    values = torch.cat([odd_values(), around(FORMATS[name]).float().double()]).float()
    assert same(FORMATS[name].round(values), by_numpy(name, values))


def test_rounding_from_fp64_is_exact_at_all_boundaries():
    for name in ("FP32", "FP16"):
        format, kind = FORMATS[name], {"FP32": np.float32, "FP16": np.float16}[name]
        values = torch.cat([around(format), odd_values(1000)])
        with np.errstate(over="ignore", invalid="ignore"):
            expected = torch.from_numpy(values.numpy().astype(kind).astype(np.float64))
        assert same(format.round(values), expected)


def test_tf32_is_fp32_without_its_last_13_bits():
    values = odd_values()
    nearest = FORMATS["TF32"].round(values)
    finite = nearest[nearest.isfinite()]
    assert (FORMATS["FP32"].encode(finite) & (2**13 - 1) == 0).all()
    error = (nearest - values).abs()[nearest.isfinite()]
    assert (error <= FORMATS["TF32"].spacing(values[nearest.isfinite()]) / 2).all()
    assert FORMATS["TF32"].bits == 19


def test_saturating_gives_the_largest_number_as_the_ocp_specification_says():
    values = torch.tensor([449.0, 464.0, 465.0, 1e30, torch.inf, -torch.inf, torch.nan])
    saturated = FORMATS["FP8 E4M3"].round(values, saturate=True)
    assert saturated[:6].tolist() == [448, 448, 448, 448, 448, -448]
    assert saturated[6].isnan()
    assert FORMATS["FP8 E4M3"].round(values)[2:].isnan().all()
    assert FORMATS["FP8 E4M3"].round(values)[:2].tolist() == [448, 448]
    assert FORMATS["FP8 E5M2"].round(values[4:6], saturate=True).tolist() == [57344, -57344]
    assert FORMATS["FP8 E5M2"].round(torch.tensor([61439.0, 61440.0])).tolist() == [57344, torch.inf]


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_limits_are_those_of_the_table(name):
    row = next(row for row in table("float_formats") if row["format"].removesuffix("FN") == name)
    format = FORMATS[name]
    for column in ("bits", "exponent_bits", "mantissa_bits", "bias"):
        assert getattr(format, column) == int(row[column])
    for column in ("max", "min_normal", "min_subnormal", "epsilon"):
        assert getattr(format, column) == pytest.approx(float(row[column]), rel=1e-8)


@pytest.mark.parametrize("name", list(TORCH))
def test_the_limits_are_those_of_torch(name):
    format, limits = FORMATS[name], torch.finfo(TORCH[name][0])
    assert (format.max, format.epsilon, format.min_normal) == (limits.max, limits.eps, limits.smallest_normal)
    assert format.min_subnormal == by_torch(name, torch.tensor([1])).item()


def test_counting_a_pattern_up_gives_the_next_number():
    for name in SMALL:
        values = FORMATS[name].decode(torch.arange(FORMATS[name].max_code + 1))
        assert torch.equal(values.diff(), FORMATS[name].spacing(values[:-1]))


def test_the_two_short_functions_are_the_formats_own():
    codes, values = torch.arange(2**16), odd_values(10_000)
    assert same(decode(codes, 5, 10), FORMATS["FP16"].decode(codes))
    assert same(round_to_format(values, 8, 7), FORMATS["BF16"].round(values))


def test_any_split_of_bits_makes_a_format():
    toy = FloatFormat("toy", 3, 2)
    numbers = toy.decode(torch.arange(2**6))
    assert numbers[:8].tolist() == [0, 0.0625, 0.125, 0.1875, 0.25, 0.3125, 0.375, 0.4375]
    assert toy.max == 14 and toy.decode(torch.tensor([28])).isinf()
    values = torch.linspace(-20, 20, 9999, dtype=torch.float64)
    finite = numbers[numbers.isfinite()]
    nearest = (values[:, None] - finite).abs().amin(dim=1)
    inside = values.abs() <= 14
    assert torch.equal((toy.round(values) - values).abs()[inside], nearest[inside])


@pytest.mark.alone
def test_a_million_float32_values_are_encoded_in_under_a_second():
    values = odd_values(1_000_000).float()
    started = time.perf_counter()
    FORMATS["FP8 E4M3"].encode(values)
    assert time.perf_counter() - started < 1


def test_wrong_arguments_are_told_with_their_remedy():
    with pytest.raises(ValueError, match="12 exponent bits and 3 mantissa bits don't make a format: use 2 to 11"):
        FloatFormat("too wide", 12, 3)
    with pytest.raises(ValueError, match="300 is no pattern of 8 bits: use 0 to 255"):
        FORMATS["FP8 E4M3"].decode(torch.tensor([3, 300]))
    with pytest.raises(ValueError, match="-1 is no pattern of 16 bits"):
        FORMATS["FP16"].decode(torch.tensor([-1]))
    with pytest.raises(ValueError, match=r"bit patterns are integers, not torch\.float32"):
        FORMATS["FP16"].decode(torch.tensor([1.0]))
    with pytest.raises(ValueError, match=r"torch\.int64 can't be rounded: pass floating-point values"):
        FORMATS["FP16"].round(torch.tensor([1]))
