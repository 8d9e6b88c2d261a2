"""What the tests share."""

import os

import pytest

BUDGET = "budget"


@pytest.fixture
def budget_report(record_property):
    """Notes a line that is printed after the tests: what a lesson cost."""
    return lambda line: record_property(BUDGET, line)


def pytest_terminal_summary(terminalreporter):
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    lines = [line for report in reports for name, line in report.user_properties if name == BUDGET]
    if lines:
        terminalreporter.section("what each lesson costs")
        for line in lines:
            terminalreporter.line(line)


def missing(what):
    """Skip a test on a student's machine, fail it in continuous integration."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{what} is not installed here")
