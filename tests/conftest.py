"""What the tests share."""

import os

import pytest

budgets = []


@pytest.fixture
def budget_report():
    """Lines that are printed after the tests: what each lesson cost."""
    return budgets


def pytest_terminal_summary(terminalreporter):
    if budgets:
        terminalreporter.section("what each lesson costs")
        for line in budgets:
            terminalreporter.line(line)


def missing(what):
    """Skip a test on a student's machine, fail it in continuous integration."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{what} is not installed here")
