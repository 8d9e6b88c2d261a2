"""Pictures that answer: what a lesson shows for the reader to move."""

from course_utils.widgets.attention import AttentionExplorer, Tokens
from course_utils.widgets.augreg import AugRegExplorer
from course_utils.widgets.floats import FloatExplorer
from course_utils.widgets.matching import MatchingExplorer
from course_utils.widgets.memory import MemoryExplorer
from course_utils.widgets.page import save
from course_utils.widgets.panel import SliderPanel
from course_utils.widgets.receptive import ReceptiveFieldExplorer
from course_utils.widgets.sequence import SequenceExplorer
from course_utils.widgets.tradeoff import TradeoffExplorer
from course_utils.widgets.window import WindowExplorer

__all__ = [
    "AttentionExplorer",
    "AugRegExplorer",
    "FloatExplorer",
    "MatchingExplorer",
    "MemoryExplorer",
    "ReceptiveFieldExplorer",
    "SequenceExplorer",
    "SliderPanel",
    "Tokens",
    "TradeoffExplorer",
    "WindowExplorer",
    "save",
]
