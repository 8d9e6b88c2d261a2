"""How many threads a training uses: the faster number, tried in steps that count, and never more than there are."""

import time

import pytest
import torch

from course_utils import threads
from course_utils.threads import AGAIN, TRIES, Pace, one_thread


@pytest.fixture
def two_available(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(threads, "AVAILABLE", 2)
    yield
    torch.set_num_threads(before)


def used(pace, steps, slow):
    """Do steps of which those with `slow` threads take longer; return with how many threads each was done."""
    found = []
    for _ in range(steps):
        with pace:
            found.append(torch.get_num_threads())
            time.sleep(0.006 if found[-1] == slow else 0.001)
    return found


@pytest.mark.parametrize(("slow", "kept"), [(1, 2), (2, 1)])
def test_the_faster_number_of_threads_is_kept(two_available, slow, kept):
    found = used(Pace(2), 2 * TRIES + 20, slow)
    assert found[:2] == [1, 2]
    assert set(found[2 * TRIES :]) == {kept}


def test_a_hopeless_trial_ends_at_once_and_comes_back_ever_more_rarely(two_available):
    pace, found = Pace(2), []
    for _ in range(6 * AGAIN + 10):
        with pace:
            found.append(torch.get_num_threads())
            time.sleep(0.02 if found[-1] == 2 else 0.0005)
    tried = [step for step, threads in enumerate(found) if threads == 2]
    assert tried == [1, 2 * AGAIN + 3, 6 * AGAIN + 5]


def test_it_changes_its_mind_when_the_computer_becomes_busy(two_available):
    pace = Pace(2)
    assert used(pace, 2 * TRIES + AGAIN, slow=1)[-1] == 2
    assert used(pace, 2 * TRIES + 5, slow=2)[-1] == 1


def test_one_thread_is_never_exceeded_where_none_is_to_spare(monkeypatch, two_available):
    assert set(used(Pace(1), 20, slow=1)) == {1}
    monkeypatch.setattr(threads, "AVAILABLE", 1)
    assert set(used(Pace(2), 20, slow=1)) == {1}


def test_no_threads_at_all_is_an_error():
    with pytest.raises(ValueError, match="0 threads can't compute: use 1 or more"):
        Pace(0)


def test_one_thread_puts_the_number_back():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
