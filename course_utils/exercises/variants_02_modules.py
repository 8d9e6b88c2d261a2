"""Variants of exercise 2.8: multi-head attention."""

from course_utils.exercises import cases_02 as cases
from course_utils.exercises.options import MASKS, axes, on, out, shape
from course_utils.exercises.recipes import Option, Recipe
from course_utils.models.attention import attention, merge_heads, split_heads


def _layout(letters: str, enter: str, leave: str) -> Option:
    return Option(
        {"layout": shape(letters), "enter": enter, "leave": leave},
        here=f"tokens come and go as {shape(letters)}, not as (B, N, D)",
        remedy="Bring them into the order (B, N, D) first, and the result back at the end.",
        to_course=on(axes(letters, "BND"), "tokens"),
        to_variant=on(axes("BND", letters), "tokens"),
        from_course=out(axes("BND", letters)),
    )


MULTI_HEAD = Recipe(
    id="2.8",
    source='''
        class MultiHeadAttention(nn.Module):
            """Attention in several subspaces at once: Vaswani et al. 2017, section 3.2.2.

            $here

            Its layers are `query`, `key`, `value` and `out`, each from D to D. `split_heads`, `attention` and
            `merge_heads` are the lesson's.

            Args:
                width: D.
                heads: h, a divisor of D.
            """

            def __init__(self, width: int, heads: int):
                super().__init__()
                self.heads = heads
                self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
                self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)

            def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
                """Map tokens $layout to $layout.

                `mask` is (N, N) $mask; none for everywhere.
                """
                projects = (self.query, self.key, self.value)
                q, k, v = (split_heads(project($enter), self.heads) for project in projects)  # (B, h, N, d)
                return self.out(merge_heads(attention(q, k, v, $looks)))$leave
        ''',
    axes=(
        MASKS[:2],  # the lesson's own version, by PyTorch's kernel, takes numbers to be added as well
        (
            Option({"layout": "(B, N, D)", "enter": "tokens", "leave": ""}),
            _layout("NBD", "tokens.transpose(0, 1)", ".transpose(0, 1)"),
            _layout("BDN", "tokens.mT", ".mT"),
        ),
    ),
    cases=cases.attention_modules,
    keep="scale-by-width one-head no-output-projection split-by-view merged-by-reshape swapped key-as-value "
    "mask-ignored",
    names={"attention": attention, "merge_heads": merge_heads, "split_heads": split_heads},
    hints=(0,),
)
