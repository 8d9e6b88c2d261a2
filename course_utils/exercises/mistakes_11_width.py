"""The usual mistakes of exercise 11.1: the width at which a family costs about a budget."""

import math

from course_utils.exercises.registry import Mistake
from course_utils.models.tradeoffs import matched_width


def _with(search):
    """Return an answer that refuses what it should, and else gives `search(macs, budget, highest)`."""

    def wrong(macs, budget, highest=1024):
        matched_width(macs, budget, highest)  # refuses
        return search(macs, budget, highest)

    return wrong


def _least(distance):
    """Return an answer that gives the first width with the least `distance(cost, budget)`."""
    return _with(lambda macs, budget, highest: min(range(1, highest + 1), key=lambda w: distance(macs(w), budget)))


def _among(widths):
    """Return an answer that looks for the nearest cost among `widths(highest)` only."""
    return _with(lambda macs, budget, highest: min(widths(highest), key=lambda w: abs(macs(w) - budget)))


def _below(macs, budget, highest):
    return max(width for width in range(1, highest + 1) if macs(width) <= budget)


def _above(macs, budget, highest):
    return min(width for width in range(1, highest + 1) if macs(width) >= budget)


def _above_by_next(macs, budget, highest=1024):
    return next(width for width in range(1, highest + 1) if macs(width) >= budget)


def _near_enough(macs, budget, highest):
    near = (width for width in range(1, highest + 1) if abs(macs(width) - budget) <= budget / 10)
    return next(near, _least(lambda cost, budget: abs(cost - budget))(macs, budget, highest))


def _middle_width(macs, budget, highest):
    below = _below(macs, budget, highest)
    return below if budget <= macs(below + 0.5) else below + 1


def _thrown_away(macs, budget, highest):
    low, high = 1, highest
    while high - low > 1:
        middle = (low + high) // 2
        if macs(middle) <= budget:
            low = middle + 1
        else:
            high = middle - 1
    return low if budget - macs(low) <= macs(high) - budget else high


def _clamped(width, highest):
    return max(1, min(round(width), highest))


def _beyond(lowest_refused, highest_refused):
    """Return an answer that gives the nearer end instead of refusing, beyond the ends that it doesn't look at."""

    def wrong(macs, budget, highest=1024):
        if (lowest_refused and budget < macs(1)) or (highest_refused and budget > macs(highest)):
            raise ValueError("out of reach")
        return min(range(1, highest + 1), key=lambda width: abs(macs(width) - budget))

    return wrong


WIDTH = (
    Mistake(
        "below",
        _with(_below),
        "It is the widest model that costs no more than the budget.",
        "The width above may come nearer: a comparison at equal cost needs the nearest, not the cheapest.",
        "Compare what is left of the budget below with what is too much above.",
    ),
    Mistake(
        "above",
        _with(_above),
        "It is the first width whose cost reaches the budget.",
        "The search stops there, and the width before it may come nearer.",
        "When the cost has reached the budget, compare this width with the one before it.",
    ),
    Mistake(
        "above-by-next",
        _above_by_next,
        "It is the first width whose cost reaches the budget, and nothing where no cost does.",
        "`next` stops at the first, though the width before it may come nearer, and fails where there is none.",
        "Compare this width with the one before it, and raise a ValueError for budgets that no width comes near.",
    ),
    Mistake(
        "wider",
        _with(lambda macs, budget, highest: min(range(highest, 0, -1), key=lambda w: abs(macs(w) - budget))),
        "Of two widths that are equally near, it is the wider one.",
        "A comparison such as `<` where `<=` should be, or a search from the top, gives a tie to the wider one.",
        "Give a tie to the narrower one.",
    ),
    Mistake(
        "ratio",
        _least(lambda cost, budget: max(cost / budget, budget / cost)),
        "It is the width whose cost is nearest as a ratio.",
        "Of 8 and 27, 27 is nearer to 16 by ratio, but 8 by difference.",
        "Compare the differences of cost and budget.",
    ),
    Mistake(
        "middle-width",
        _with(_middle_width),
        "It is the width nearest to the one, not a whole number, that would cost the budget.",
        "Cost grows faster than width, so the middle between two widths isn't the middle between their costs.",
        "Compare costs: that of the width below, and that of the width above.",
    ),
    Mistake(
        "signed",
        _least(lambda cost, budget: cost - budget),
        "It is always width 1.",
        "The least `macs(width) - budget` is the most negative one.",
        "Take the difference without its sign: `abs`.",
    ),
    Mistake(
        "farthest",
        _least(lambda cost, budget: -abs(cost - budget)),
        "It is the width whose cost is farthest from the budget.",
        "The largest difference is taken.",
        "Take the least: `min`.",
    ),
    Mistake(
        "proportional",
        _with(lambda macs, budget, highest: _clamped(budget / macs(1), highest)),
        "It is the budget divided by what width 1 costs.",
        "That would be right if twice the width cost twice as much; here cost grows faster, or doesn't begin at 0.",
        "Ask `macs` about the widths themselves.",
    ),
    Mistake(
        "square-root",
        _with(lambda macs, budget, highest: _clamped(highest * math.sqrt(budget / macs(highest)), highest)),
        "It takes the cost for proportional to the square of the width.",
        "Some parts cost in proportion to the width itself, and each family has its own sum of them.",
        "Ask `macs` about the widths near it, and choose the nearest.",
    ),
    Mistake(
        "near-enough",
        _with(_near_enough),
        "It is the first width within a tenth of the budget.",
        "The search stops where it is near enough, and nearer ones come later.",
        "Go on to the nearest of all.",
    ),
    Mistake(
        "not-the-highest",
        _among(lambda highest: range(1, highest)),
        "The highest width is never the answer.",
        "`range(1, highest)` ends before it.",
        "Include it: `range(1, highest + 1)`.",
    ),
    Mistake(
        "not-the-first",
        _among(lambda highest: range(2, highest + 1)),
        "Width 1 is never the answer.",
        "The search begins at 2.",
        "Begin at 1.",
    ),
    Mistake(
        "place",
        _with(lambda macs, budget, highest: matched_width(macs, budget, highest) - 1),
        "All widths are one too small.",
        "It is the place in a list of costs, and the first place, 0, is that of width 1.",
        "Add 1, or look for the width itself.",
    ),
    Mistake(
        "doubling",
        _among(lambda highest: [2**n for n in range(highest.bit_length())]),
        "It is always a power of two.",
        "Widths that are doubled each time leave out all that lie between.",
        "Between the last that was too cheap and the first that was too dear, halve the distance until none is left.",
    ),
    Mistake(
        "middle-thrown-away",
        _with(_thrown_away),
        "Sometimes the nearest width is left out.",
        "The middle of the search is left out on both sides, by `middle + 1` and `middle - 1`; it may be the nearest.",
        "Keep it: `low = middle`, `high = middle`, while there is a width between them.",
    ),
    Mistake(
        "cost",
        _with(lambda macs, budget, highest: macs(matched_width(macs, budget, highest))),
        "It is the cost, not the width.",
        "`min` over the costs forgets whose they are.",
        "Take `min` over the widths, with the distance as its `key`, or remember the width of the best.",
    ),
    Mistake(
        "not-refused",
        _beyond(False, False),
        "A budget that no width comes near gets width 1 or the highest.",
        "The nearest width isn't near: the comparison would be unfair, and nothing says so.",
        "Raise a ValueError if the budget is below `macs(1)` or above `macs(highest)`.",
    ),
    Mistake(
        "too-little-not-refused",
        _beyond(False, True),
        "A budget below the cost of width 1 gets width 1.",
        "Only the upper end is checked.",
        "Raise a ValueError if the budget is below `macs(1)` too.",
    ),
    Mistake(
        "too-much-not-refused",
        _beyond(True, False),
        "A budget above the cost of the highest width gets the highest.",
        "Only the lower end is checked.",
        "Raise a ValueError if the budget is above `macs(highest)` too.",
    ),
)
