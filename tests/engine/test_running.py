"""The engine: the same results in the same order, here or in other processes."""

from __future__ import annotations

import os
from operator import truediv

import pytest

from polyculture import engine
from polyculture.errors import ParameterError


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_pieces(jobs):
    assert engine.run(pow, [(n, 2) for n in range(20)], jobs=jobs) == [n**2 for n in range(20)]


def test_one_job_runs_here_and_more_run_elsewhere_with_one_thread_each():
    assert set(engine.run(os.getpid, [()] * 4)) == {os.getpid()}
    assert os.getpid() not in engine.run(os.getpid, [()] * 4, jobs=2)
    assert set(engine.run(os.getenv, [("OMP_NUM_THREADS",)] * 4, jobs=2)) == {"1"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_piece_reaches_the_caller(jobs):
    with pytest.raises(ZeroDivisionError):
        engine.run(truediv, [(1, 1), (1, 0), (1, 2)], jobs=jobs)


def test_nothing_to_do():
    assert engine.run(pow, []) == []
    assert engine.run(pow, [], jobs=2) == []


def test_no_jobs_are_an_error():
    with pytest.raises(ParameterError, match="jobs is 0; use a number of processes, or -1"):
        engine.run(pow, [(1, 1)] * 3, jobs=0)
