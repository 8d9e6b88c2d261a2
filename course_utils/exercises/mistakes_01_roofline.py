"""The usual mistakes of exercise 1.3: the time that a computation takes at least."""

from course_utils.exercises.registry import Mistake


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


def _in_gigabytes(flop, bytes_moved, peak_flops, bandwidth):
    return max(flop / peak_flops, bytes_moved / (bandwidth * 1e9))


def _upside_down(flop, bytes_moved, peak_flops, bandwidth):
    return max(peak_flops / flop, bandwidth / bytes_moved)


def _rates_swapped(flop, bytes_moved, peak_flops, bandwidth):
    return max(flop / bandwidth, bytes_moved / peak_flops)


ROOFLINE = (
    Mistake(
        "sum-of-both",
        _sum_of_both,
        "Both times are added up.",
        "Arithmetic and memory work side by side: while one product is computed, the next numbers arrive.",
        "Only the slower of the two counts.",
    ),
    Mistake(
        "faster-counts",
        _faster_counts,
        "The faster of the two decides.",
        "The smaller time is taken, but the work is done only when both are done.",
        "Take the larger one.",
    ),
    Mistake(
        "arithmetic-only",
        _arithmetic_only,
        "Where much has to be moved, the time is too short.",
        "Only the arithmetic is looked at.",
        "Compute the time for moving the bytes too, and take the larger one.",
    ),
    Mistake(
        "memory-only",
        _memory_only,
        "Where much has to be computed, the time is too short.",
        "Only the memory is looked at.",
        "Compute the time for the arithmetic too, and take the larger one.",
    ),
    Mistake(
        "rate",
        _rate,
        "The result is a rate, in FLOP/s.",
        "That is what a picture of a roofline shows, but here a time is asked for.",
        "Divide the FLOP by that rate, or compare two times from the start.",
    ),
    Mistake(
        "in-gigabytes",
        _in_gigabytes,
        "Moving bytes takes 10⁹ times too little time.",
        "The bandwidth is taken for GB/s.",
        "It is in bytes/s already: use it as it is.",
    ),
    Mistake(
        "upside-down",
        _upside_down,
        "The result gets smaller when there is more to do.",
        "Rates are divided by amounts, but a time is an amount over a rate.",
        "Turn both fractions round.",
    ),
    Mistake(
        "rates-swapped",
        _rates_swapped,
        "The two rates have changed places.",
        "FLOP are divided by bytes/s, and bytes by FLOP/s.",
        "Check the units: each fraction must come out in seconds.",
    ),
)
