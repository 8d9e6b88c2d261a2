"""Each rule finds the fault that it is for, and says nothing about a good lesson."""

import pytest
from lesson_rules import claim_faults, faults
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PICTURE = '<img alt="A cat." src="data:image/webp;base64,AAAA">'
BODY = "a = 1\nb = 2\nc = 3\nassert a"


def cell(source=BODY, outputs=(), count=1, tags=()):
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata={"tags": list(tags)})


def shows(mime, content):
    return new_output("display_data", {mime: content})


def good_cells():
    return [cell(), new_markdown_cell("Some words."), cell(outputs=[shows("text/html", PICTURE)])]


def test_a_good_lesson_has_no_faults():
    assert faults(new_notebook(cells=good_cells())) == []


LONG = "\n".join(f"x{i} = {i}" for i in range(26))
LONG_CLASS = "class A:\n" + "\n".join(f"    x{i} = {i}" for i in range(38))
BAD = {
    "never executed": [cell(count=None)],
    "an error is stored": [cell(outputs=[new_output("error", ename="E", evalue="v", traceback=[])])],
    "stderr is stored": [cell(outputs=[new_output("stream", name="stderr", text="warning")])],
    "a progress bar is stored": [cell(outputs=[shows("text/plain", "  0%|   | 0/3 [00:00<?, ?it/s]")])],
    "an SVG": [cell(outputs=[shows("image/svg+xml", "<svg/>")])],
    "a bare picture": [cell(outputs=[shows("image/png", "AAAA")])],
    "a picture without text alternative": [cell(outputs=[shows("text/html", '<img alt="" src="x.png">')])],
    "without text alternative": [new_markdown_cell("![](x.png)")],
    "a remote picture": [new_markdown_cell("![a cat](https://example.org/cat.png)")],
    "26 lines, 25 at the most": [cell(LONG)],
    "41 lines, 40 at the most": [cell(LONG_CLASS + "\n    y = 1\n    z = 2")],
    "the median code cell": [cell("a = 1") for _ in range(9)],
    "121 words between": [new_markdown_cell("word " * 60), new_markdown_cell("word " * 61), cell()],
    "asserts nothing": [cell("a = 1\n\n\nb = 2", outputs=[shows("text/html", PICTURE)])],
    "not compared": [cell(outputs=[shows("text/plain", "1")], tags=["nbval-ignore-output"]) for _ in range(2)],
    "are not compared": [cell("# NBVAL_IGNORE_OUTPUT\n" + BODY, outputs=[shows("text/plain", "1")]) for _ in range(2)],
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_lesson_is_told_its_fault(fault):
    found = faults(new_notebook(cells=good_cells() + BAD[fault]))
    assert any(fault in line for line in found), found


def test_a_class_shown_whole_may_be_longer():
    assert faults(new_notebook(cells=[*good_cells(), cell(LONG_CLASS)])) == []


def test_claims_are_demanded_by_lesson():
    claims = [{"id": "C01", "lessons": "04"}, {"id": "C03", "lessons": "04 05"}]
    lesson = new_notebook(cells=[cell(tags=["claim-C03", "claim-C99"])])
    assert claim_faults(lesson, "05", claims) == ["claim C99 doesn't belong here"]
    assert "claim C01 is missing" in claim_faults(lesson, "04", claims)[0]
