"""The font of the formulas: the part of STIX Two Math that a page on this subject can need."""

import importlib.util
from pathlib import Path

NAME = "formulas.woff"
CHARACTERS = (  # first and last
    (0x20, 0x7E),  # letters, digits
    (0xA0, 0xFF),  # ×, ·, ±
    (0x391, 0x3D6),  # Greek
    (0x2010, 0x2044),  # dashes, primes, double bars, dots
    (0x210E, 0x210E),  # the italic h
    (0x2190, 0x22FF),  # arrows, operators
    (0x2308, 0x230B),  # floor and ceiling
    (0x27E6, 0x27EF),  # brackets
    (0x1D434, 0x1D467),  # italic letters
    (0x1D6E2, 0x1D71B),  # italic Greek
)


def write(static: Path) -> None:
    """Write the font below `static`; its own licence stays in it."""
    from fontTools import subset, ttLib

    package = importlib.util.find_spec("ziamath").submodule_search_locations[0]  # found, not imported: only its font
    font = ttLib.TTFont(Path(package, "fonts", "STIXTwoMath-Regular.ttf"))
    options = subset.Options(layout_features=["*"], name_IDs=["*"], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in CHARACTERS for code in range(first, last + 1)])
    subsetter.subset(font)
    font.flavor = "woff"
    font.save(static / NAME)
