"""The usual mistakes of exercises 1.1 and 1.2: peak rates and products of matrices."""

from course_utils.exercises.registry import Mistake


def _one_flop(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * clock_hz


def _always_two(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * 2 * clock_hz


def _two_twice(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * 2 * flop_per_core * clock_hz


def _in_gigaflop(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * flop_per_core * clock_hz / 1e9


def _in_teraflop(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * flop_per_core * clock_hz / 1e12


def _warps_again(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * cores_per_sm * 32 * flop_per_core * clock_hz


def _subunits_again(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return sms * 4 * cores_per_sm * flop_per_core * clock_hz


def _one_sm(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return cores_per_sm * flop_per_core * clock_hz


def _cores_added(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return (sms + cores_per_sm) * flop_per_core * clock_hz


PEAK = (
    Mistake(
        "one-flop",
        _one_flop,
        "Each core does one operation in a tick.",
        "`flop_per_core` isn't used: a multiply-add is a multiplication and an addition, so it counts as 2.",
        "Multiply by `flop_per_core` too.",
    ),
    Mistake(
        "always-two",
        _always_two,
        "Each core does 2 FLOP in a tick, also where `flop_per_core` says 1024.",
        "The 2 is written into the product, but it is only the argument's default.",
        "Use `flop_per_core` in its place.",
    ),
    Mistake(
        "two-twice",
        _two_twice,
        "The result is twice as large as it should be.",
        "`flop_per_core` counts both halves of a multiply-add already, and the 2 is multiplied in once more.",
        "Leave the 2 out.",
    ),
    Mistake(
        "in-gigaflop",
        _in_gigaflop,
        "The result is 10⁹ times too small.",
        "It is in GFLOP/s, or the clock was taken in GHz; `clock_hz` is in ticks a second, and FLOP/s are wanted.",
        "Leave the units as they come, without a division.",
    ),
    Mistake(
        "in-teraflop",
        _in_teraflop,
        "The result is 10¹² times too small.",
        "It is in TFLOP/s, but FLOP/s are wanted.",
        "Leave that division to whoever prints the result.",
    ),
    Mistake(
        "warps-again",
        _warps_again,
        "The result is 32 times too large.",
        "A warp's 32 threads are multiplied in, but they run on the cores that are counted already.",
        "Count cores only, not threads.",
    ),
    Mistake(
        "subunits-again",
        _subunits_again,
        "The result is 4 times too large.",
        "The four subunits are multiplied in, but `cores_per_sm` counts the cores of all four.",
        "Take `cores_per_sm` as it is.",
    ),
    Mistake(
        "one-sm",
        _one_sm,
        "The result is the rate of a single SM.",
        "`sms` isn't used, but all SMs work at the same time.",
        "Count the cores of the whole chip.",
    ),
    Mistake(
        "cores-added",
        _cores_added,
        "The chip seems to have fewer cores than two of its SMs.",
        "SMs and cores are added, but every SM has that many cores.",
        "For the cores of the whole chip, multiply the two.",
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


def _inner_for_outer(m, k, n):
    return 2 * m * k * k


def _cubed(m, k, n):
    return 2 * m**3


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
        "On paper k products need only k - 1 additions. Hardware adds each product to a running total, the first "
        "one too, so k are counted.",
        "Count as many additions as multiplications.",
    ),
    Mistake(
        "outputs-only",
        _outputs_only,
        "The result doesn't depend on k.",
        "One multiply-add is counted for each entry of the result, but each entry is a sum of k products.",
        "Count the multiply-adds that make one entry, then all entries.",
    ),
    Mistake(
        "numbers-read",
        _numbers_read,
        "The result is the number of entries in the two factors.",
        "That is what is read, not what is computed with it: each number is used many times.",
        "Ask how many multiply-adds make one entry of the result, and how many entries there are.",
    ),
    Mistake(
        "inner-squared",
        _inner_squared,
        "The result is k times too large.",
        "This side is counted twice, as the last side of one factor and as the first of the other.",
        "The two are one and the same axis: count it once.",
    ),
    Mistake(
        "inner-for-outer",
        _inner_for_outer,
        "The result doesn't depend on n.",
        "The inner side k stands where the outer side n should.",
        "Write down the shapes of both factors and of the result, and count the result's entries.",
    ),
    Mistake(
        "cubed",
        _cubed,
        "The result depends on m alone.",
        "That is the count for square matrices, 2 m³; here all three sides differ.",
        "Find out which side each of the three m stands for.",
    ),
)
