"""Whoever comes second waits, and says for whom."""

from __future__ import annotations

import logging
import os
import threading

from polyculture.store.locks import alone


def test_the_second_waits_for_the_first_and_says_who_it_is(tmp_path, caplog):
    seen, first, told = [], threading.Event(), threading.Event()

    class Heard(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.set()

    def hold() -> None:
        with alone(tmp_path):
            first.set()
            # the system's locks are of open files, so that two in one process wait for one another as well
            assert told.wait(30)
            seen.append("first")

    heard = Heard(logging.WARNING)
    logging.getLogger("polyculture").addHandler(heard)
    thread = threading.Thread(target=hold)
    try:
        thread.start()
        assert first.wait(30)
        with alone(tmp_path):
            seen.append("second")
    finally:
        thread.join()
        logging.getLogger("polyculture").removeHandler(heard)
    assert seen == ["first", "second"]
    assert f"is held by process {os.getpid()}: waiting" in caplog.text
