"""Floating-point numbers from their bits: encode, decode and round in any format.

A format has one sign bit, some exponent bits and some mantissa bits. The functions below work for every such split;
`FORMATS` holds the seven that GPUs compute with. All results are exact: they are computed in FP64, which holds every
number of the smaller formats, and FP64's own numbers too.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor


def power_of_two(exponent: Tensor) -> Tensor:
    """Return 2^exponent in FP64, exact from 2^-1074 to 2^1023 and infinite above; `exponent` holds integers."""
    with np.errstate(over="ignore"):
        return torch.from_numpy(np.asarray(np.ldexp(1.0, exponent.numpy())))


def exponent_bias(exponent_bits: int) -> int:
    """Return what is subtracted from the stored exponent E: half its range, so 127 for 8 bits."""
    return 2 ** (exponent_bits - 1) - 1


def split_fields(codes: Tensor, exponent_bits: int, mantissa_bits: int) -> tuple[Tensor, Tensor, Tensor]:
    """Cut bit patterns into their sign, their exponent and their mantissa, as integers.

    Args:
        codes: any shape, int64: the pattern read as a binary number, sign first.

    Returns:
        three integer tensors of the same shape: sign 0 or 1, stored exponent E, mantissa M.
    """
    mantissa = codes & (2**mantissa_bits - 1)
    exponent = (codes >> mantissa_bits) & (2**exponent_bits - 1)
    sign = (codes >> (mantissa_bits + exponent_bits)) & 1
    return sign, exponent, mantissa


def decode(codes: Tensor, exponent_bits: int, mantissa_bits: int) -> Tensor:
    """Return the values that bit patterns stand for.

    Args:
        codes: any shape, int64: the pattern read as a binary number, sign first.
        exponent_bits: e.
        mantissa_bits: m.

    Returns:
        FP64 of the same shape: (-1)^S 2^(E - bias) (1 + M / 2^m) in general; a stored exponent of 0 means
        (-1)^S 2^(1 - bias) M / 2^m (zero and subnormals), one of all ones means infinity if M = 0, else NaN.

    Source: IEEE 754-2019, section 3.4.
    """
    sign, exponent, mantissa = split_fields(codes, exponent_bits, mantissa_bits)
    hidden_bit = (exponent > 0).double()  # subnormals have none, and the exponent of E = 1
    scale = power_of_two(exponent.clamp(min=1) - exponent_bias(exponent_bits))
    value = scale * (hidden_bit + mantissa.double() / 2**mantissa_bits)
    is_special = exponent == 2**exponent_bits - 1
    value = torch.where(is_special & (mantissa == 0), torch.inf, value)
    value = torch.where(is_special & (mantissa > 0), torch.nan, value)
    return torch.where(sign == 1, -value, value)


def round_to_format(values: Tensor, exponent_bits: int, mantissa_bits: int) -> Tensor:
    """Round to the nearest number that a format holds; of two equally near, to the one whose mantissa is even.

    Args:
        values: any shape, floating point.
        exponent_bits: e.
        mantissa_bits: m.

    Returns:
        FP64 of the same shape. What rounds to more than the largest number becomes infinite.

    Source: IEEE 754-2019, section 4.3.1, roundTiesToEven.
    """
    values, bias = values.double(), exponent_bias(exponent_bits)
    step = power_of_two(true_exponent(values, bias) - mantissa_bits)
    rounded = torch.round(values / step) * step  # torch.round takes ties to even
    largest = (2 - 2.0**-mantissa_bits) * 2.0**bias
    return torch.where(rounded.abs() > largest, values.sign() * torch.inf, rounded)


def true_exponent(values: Tensor, bias: int) -> Tensor:
    """Return floor(log2 |value|) of FP64 `values`, or 1 - bias if that is larger: subnormals share its steps."""
    _, exponent = torch.frexp(values)  # |value| is in [2^(exponent - 1), 2^exponent)
    return torch.where(values == 0, 1 - bias, (exponent.long() - 1).clamp(min=1 - bias))


@dataclass(frozen=True)
class FloatFormat:
    """A binary floating-point format: a sign bit, `exponent_bits` and `mantissa_bits`.

    Attributes:
        name: as GPU makers write it.
        exponent_bits: 2 to 11.
        mantissa_bits: 1 to 52, the hidden bit not counted.
        has_infinity: as IEEE 754 has it. Without, exponents of all ones hold ordinary numbers, and only the pattern
            of all ones is NaN (E4M3 in the OCP 8-bit Floating Point Specification, revision 1.0, table 1).

    Raises:
        ValueError: a number of bits that FP64 can't hold, or too few to make a format.
    """

    name: str
    exponent_bits: int
    mantissa_bits: int
    has_infinity: bool = True

    def __post_init__(self):
        if not (2 <= self.exponent_bits <= 11 and 1 <= self.mantissa_bits <= 52):
            raise ValueError(
                f"{self.exponent_bits} exponent bits and {self.mantissa_bits} mantissa bits don't make a format: "
                "use 2 to 11 and 1 to 52"
            )

    @property
    def bits(self) -> int:
        """All bits, sign included."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def bias(self) -> int:
        """What is subtracted from the stored exponent."""
        return exponent_bias(self.exponent_bits)

    @property
    def max_code(self) -> int:
        """The pattern of the largest finite number."""
        all_ones = 2 ** (self.bits - 1) - 1
        return all_ones - (2**self.mantissa_bits if self.has_infinity else 1)

    @cached_property
    def max(self) -> float:
        """The largest finite number."""
        return self.decode(torch.tensor(self.max_code)).item()

    @property
    def min_normal(self) -> float:
        """The smallest positive number with a hidden bit."""
        return 2.0 ** (1 - self.bias)

    @property
    def min_subnormal(self) -> float:
        """The smallest positive number of all."""
        return 2.0 ** (1 - self.bias - self.mantissa_bits)

    @property
    def epsilon(self) -> float:
        """The gap between 1 and the next number above it."""
        return 2.0**-self.mantissa_bits

    def decode(self, codes: Tensor) -> Tensor:
        """Return the values (FP64) of bit patterns (int64, any shape).

        Raises:
            ValueError: a pattern with more bits than the format has, or no integers.
        """
        self._check_codes(codes)
        codes = codes.long()
        value = decode(codes, self.exponent_bits, self.mantissa_bits)
        if self.has_infinity:
            return value
        _, exponent, _ = split_fields(codes, self.exponent_bits, self.mantissa_bits)
        one_lower = decode(codes - 2**self.mantissa_bits, self.exponent_bits, self.mantissa_bits)
        value = torch.where(exponent == 2**self.exponent_bits - 1, 2 * one_lower, value)
        return torch.where(codes & (2 ** (self.bits - 1) - 1) > self.max_code, torch.nan, value)

    def round(self, values: Tensor, saturate: bool = False) -> Tensor:
        """Round to the format's nearest numbers, ties to even.

        Args:
            values: floating point, any shape.
            saturate: what is too large becomes the largest number, not infinity (or NaN, where there is none).

        Returns:
            FP64 of the same shape.
        """
        values = _floating(values)
        if self.has_infinity:
            rounded = round_to_format(values, self.exponent_bits, self.mantissa_bits)
        else:  # with one exponent bit more, and all exponents shifted, there are the same steps and room above
            shift = 2.0 ** (exponent_bias(self.exponent_bits + 1) - self.bias)
            rounded = round_to_format(values / shift, self.exponent_bits + 1, self.mantissa_bits) * shift
        too_large = values.sign() * (self.max if saturate else torch.inf if self.has_infinity else torch.nan)
        return torch.where(rounded.abs() > self.max, too_large, rounded)

    def encode(self, values: Tensor, saturate: bool = False) -> Tensor:
        """Return the bit patterns (int64) of the format's numbers nearest to `values`.

        The positive numbers of a format are in the order of their patterns: counting one up gives the next number.
        """
        rounded = self.round(values, saturate)
        magnitude = torch.where(rounded.isfinite(), rounded.abs(), 0.0)
        exponent = true_exponent(magnitude, self.bias)
        steps = magnitude / power_of_two(exponent - self.mantissa_bits)  # hidden bit and mantissa as an integer
        codes = (exponent + self.bias - 1 << self.mantissa_bits) + steps.long()
        codes = torch.where(rounded.isinf(), self.max_code + 1, codes)
        codes = torch.where(rounded.isnan(), self._nan_code(), codes)
        return codes | torch.signbit(rounded).long() << (self.bits - 1)

    def spacing(self, values: Tensor) -> Tensor:
        """Return the gap (FP64) from each number's magnitude, rounded to the format, to the next larger one."""
        return power_of_two(true_exponent(self.round(values), self.bias) - self.mantissa_bits)

    def _nan_code(self) -> int:
        """The quiet NaN: the mantissa's first bit set; in a format without infinities all bits."""
        return self.max_code + 1 + (2 ** (self.mantissa_bits - 1) if self.has_infinity else 0)

    def _check_codes(self, codes: Tensor) -> None:
        if codes.is_floating_point() or codes.is_complex() or codes.dtype == torch.bool:
            raise ValueError(f"bit patterns are integers, not {codes.dtype}: encode() makes them from values")
        if self.bits < 64 and codes.numel() and (codes.min() < 0 or codes.max() >= 2**self.bits):
            wrong = codes.min() if codes.min() < 0 else codes.max()
            raise ValueError(f"{wrong.item()} is no pattern of {self.bits} bits: use 0 to {2**self.bits - 1}")


def _floating(values: Tensor) -> Tensor:
    if not values.is_floating_point():
        raise ValueError(f"{values.dtype} can't be rounded: pass floating-point values, such as values.double()")
    return values.detach().double()


_ALL = (
    FloatFormat("FP64", 11, 52),
    FloatFormat("FP32", 8, 23),
    FloatFormat("TF32", 8, 10),
    FloatFormat("BF16", 8, 7),
    FloatFormat("FP16", 5, 10),
    FloatFormat("FP8 E4M3", 4, 3, has_infinity=False),
    FloatFormat("FP8 E5M2", 5, 2),
)
FORMATS = {format.name: format for format in _ALL}
