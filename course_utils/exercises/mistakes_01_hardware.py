"""The usual mistakes of exercises 1.1 to 1.3: peak rates, products of matrices, rooflines."""

from course_utils.exercises.registry import Mistake


def _one_flop(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * clock_hz


def _always_two(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * 2 * clock_hz


def _in_gigahertz(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * flop_per_core * clock_hz / 1e9


def _in_tera(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * flop_per_core * clock_hz / 1e12


def _warps_again(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * 32 * flop_per_core * clock_hz


def _subunits_again(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * 4 * cores_per_sm * flop_per_core * clock_hz


def _per_sm(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return cores_per_sm * flop_per_core * clock_hz


def _seconds(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * flop_per_core / clock_hz


PEAK = (
    Mistake(
        "one-flop",
        _one_flop,
        "Each core does one operation in a tick.",
        "A multiply-add counts as two, and `flop_per_core` says how many: it isn't used.",
        "Multiply by `flop_per_core` too.",
    ),
    Mistake(
        "always-two",
        _always_two,
        "Each core does 2 FLOP in a tick, also where `flop_per_core` says 1024.",
        "The 2 is written into the product.",
        "Use the argument; 2 is only its default.",
    ),
    Mistake(
        "in-gigahertz",
        _in_gigahertz,
        "The result is 10⁹ times too small.",
        "It is in GFLOP/s, but FLOP/s are wanted; `clock_hz` is in ticks a second.",
        "Leave the units as they come: no division.",
    ),
    Mistake(
        "in-tera",
        _in_tera,
        "The result is 10¹² times too small.",
        "It is in TFLOP/s, but FLOP/s are wanted.",
        "Leave the division to whoever prints it.",
    ),
    Mistake(
        "warps-again",
        _warps_again,
        "The result is 32 times too large.",
        "The 32 threads of a warp are multiplied in, but they *are* the cores: one each.",
        "Count cores only.",
    ),
    Mistake(
        "subunits-again",
        _subunits_again,
        "The result is 4 times too large.",
        "The four subunits are multiplied in, but `cores_per_sm` counts the cores of all four.",
        "Multiply the SMs by the cores of a whole SM.",
    ),
    Mistake(
        "per-sm",
        _per_sm,
        "The result is that of a single SM.",
        "The number of SMs isn't used.",
        "All SMs work at the same time: multiply.",
    ),
    Mistake(
        "seconds",
        _seconds,
        "The result gets smaller when the clock gets faster.",
        "It is divided by the clock.",
        "The clock is in ticks *a second*: more ticks, more FLOP. Multiply.",
    ),
)


def _multiply_adds(m, k, n):
    return m * k * n


def _one_addition_fewer(m, k, n):
    return m * n * (2 * k - 1)


def _outputs_only(m, k, n):
    return 2 * m * n


def _numbers_read(m, k, n):
    return m * k + k * n


def _inner_squared(m, k, n):
    return 2 * m * k * k * n


def _outer_sides_mixed(m, k, n):
    return 2 * m * k * k


PRODUCT = (
    Mistake(
        "multiply-adds",
        _multiply_adds,
        "The result is half of what is expected.",
        "Multiply-adds are counted, and each is a multiplication and an addition.",
        "Count 2 FLOP for each.",
    ),
    Mistake(
        "one-addition-fewer",
        _one_addition_fewer,
        "For each entry of the result one addition is missing.",
        "On paper k products need only k - 1 additions. The hardware adds every product to a running total, "
        "the first one too, and so everybody counts k.",
        "Count k additions.",
    ),
    Mistake(
        "outputs-only",
        _outputs_only,
        "The result doesn't depend on k.",
        "One multiply-add is counted for each entry, but each entry is a sum of k products.",
        "Multiply by k.",
    ),
    Mistake(
        "numbers-read",
        _numbers_read,
        "The result is the number of entries in the two factors.",
        "That is what is read, not what is computed.",
        "Ask: how many multiply-adds make one entry of the result, and how many entries are there?",
    ),
    Mistake(
        "inner-squared",
        _inner_squared,
        "The result is k times too large.",
        "The inner side k counts twice: it is the last side of one factor and the first of the other.",
        "The two are the same axis, summed over once.",
    ),
    Mistake(
        "outer-sides-mixed",
        _outer_sides_mixed,
        "The result doesn't depend on n.",
        "The inner side k stands where the last side n should.",
        "The result is (m, n): one sum of k products for each of its entries.",
    ),
)


def _sum_of_both(flop, bytes_moved, peak_flops, bandwidth):
    return flop / peak_flops + bytes_moved / bandwidth


def _faster_counts(flop, bytes_moved, peak_flops, bandwidth):
    return min(flop / peak_flops, bytes_moved / bandwidth)


def _arithmetic_only(flop, bytes_moved, peak_flops, bandwidth):
    return flop / peak_flops


def _memory_only(flop, bytes_moved, peak_flops, bandwidth):
    return bytes_moved / bandwidth


def _rate(flop, bytes_moved, peak_flops, bandwidth):
    return min(peak_flops, bandwidth * flop / bytes_moved)


def _upside_down(flop, bytes_moved, peak_flops, bandwidth):
    return max(peak_flops / flop, bandwidth / bytes_moved)


ROOFLINE = (
    Mistake(
        "sum-of-both",
        _sum_of_both,
        "Both times are added up.",
        "Arithmetic and memory work at the same time: while one product is computed, the next numbers arrive.",
        "Only the slower of the two counts.",
    ),
    Mistake(
        "faster-counts",
        _faster_counts,
        "The faster of the two decides.",
        "The smaller time is taken, but the work is done when *both* are done.",
        "Take the larger one.",
    ),
    Mistake(
        "arithmetic-only",
        _arithmetic_only,
        "Where much memory is moved, the time is too short.",
        "Only the arithmetic is looked at.",
        "Compute the time for moving the bytes too, and take the larger one.",
    ),
    Mistake(
        "memory-only",
        _memory_only,
        "Where much is computed, the time is too short.",
        "Only the memory is looked at.",
        "Compute the time for the arithmetic too, and take the larger one.",
    ),
    Mistake(
        "rate",
        _rate,
        "The result is a rate, in FLOP/s.",
        "That is the usual picture of a roofline, but here the *time* is asked for.",
        "Divide the FLOP by that rate, or compare the two times.",
    ),
    Mistake(
        "upside-down",
        _upside_down,
        "The result gets smaller when there is more to do.",
        "Rates are divided by amounts; time is an amount over a rate.",
        "Turn both fractions round.",
    ),
)
