"""Pages of JSON from a server that may be busy, broken or slow."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from polyculture.errors import DataError
from polyculture.progress import LOG
from polyculture.version import __version__

_MOST_BYTES = 2**26
_PIECE = 2**16
_BUSY = 429
_TIMED_OUT = 408
_BROKEN = 500


class GaveUpError(DataError):
    """A page that could not be had; the message says why, in part of a sentence."""


@dataclass(frozen=True)
class Patience:
    """How often a page is asked for and how long is waited.

    Parameters
    ----------
    tries : int, >= 1
    timeout : float
        Seconds that the server may be silent; a whole page may take ten times as long.
    longest : float
        Seconds between two tries at most; a server that asks for more is not asked again.
    sleep : callable
        What waits.
    """

    tries: int = 5
    timeout: float = 30.0
    longest: float = 60.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class _Failure:
    reason: str
    again: bool = True
    wait: float | None = None


def get_json(url: str, patience: Patience) -> dict[str, Any]:
    """An object of JSON, asked for again after 408, 429 and 5xx, time-outs and answers that are not whole.

    Raises
    ------
    GaveUpError
        If the last try failed, the server refuses for good, or it asks for a longer wait than is granted.
    """
    attempt = 1
    while isinstance(answer := _asked(url, patience.timeout), _Failure):
        if not answer.again:
            raise GaveUpError(answer.reason)
        if attempt >= patience.tries:
            raise GaveUpError(f"{answer.reason} ({patience.tries} tries)")
        if answer.wait is not None and answer.wait > patience.longest:
            raise GaveUpError(f"{answer.reason} and asks to wait {answer.wait:.0f} s")
        wait = min(2.0 ** (attempt - 1), patience.longest) if answer.wait is None else answer.wait
        LOG.info("%s; trying again in %.0f s", answer.reason, wait)
        patience.sleep(wait)
        attempt += 1
    return answer


def _asked(url: str, timeout: float) -> dict[str, Any] | _Failure:
    request = Request(url, headers={"User-Agent": f"polyculture/{__version__}", "Accept": "application/json"})  # noqa: S310 - checked by the caller
    try:
        with urlopen(request, timeout=timeout) as response:  # noqa: S310 - as above
            return _page(response, timeout)
    except HTTPError as error:
        with error:
            return _refusal(error)
    except TimeoutError:
        return _Failure(f"the server did not answer within {timeout:g} s")
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            return _Failure(f"the server did not answer within {timeout:g} s")
        return _Failure(f"the connection failed ({_line(str(reason)) or type(error).__name__})")


def _page(response: Any, timeout: float) -> dict[str, Any] | _Failure:
    kind = response.headers.get_content_type()
    if kind != "application/json":
        return _Failure(f"the server sent {_line(kind)} instead of JSON")
    end, data = time.monotonic() + 10 * timeout, bytearray()
    while piece := response.read(_PIECE):
        data += piece
        if len(data) > _MOST_BYTES:
            return _Failure("the server sent a page of more than 64 MiB", again=False)
        if time.monotonic() > end:
            return _Failure(f"the server sent only part of a page within {10 * timeout:g} s")
    try:
        page = json.loads(data)
    except (ValueError, RecursionError):
        return _Failure("the server sent a page that is cut short or no JSON")
    return page if isinstance(page, dict) else _Failure("the server sent something else than a page", again=False)


def _refusal(error: HTTPError) -> _Failure:
    reason = f"the server answered {error.code} ({_said(error)})"
    again = error.code in (_TIMED_OUT, _BUSY) or error.code >= _BROKEN
    return _Failure(reason, again, _retry_after(error.headers.get("Retry-After")))


def _said(error: HTTPError) -> str:
    """What the server says is wrong; of a page of JSON, its message."""
    try:
        found = json.loads(error.read(_PIECE))
        words = found.get("message") or found.get("error")
    except (ValueError, RecursionError, AttributeError, OSError, HTTPException):
        words = None
    return _line(str(words or error.reason))


def _line(words: str) -> str:
    """The beginning of what a server says on one line, without keys that it repeats."""
    hidden = re.sub(r"(?i)(api_?key=)[^&\s]+", r"\1...", words)
    return "".join(sign if sign.isprintable() else " " for sign in hidden)[:120].strip()


def _retry_after(said: str | None) -> float | None:
    """Seconds that the server asks to wait, None if it does not say."""
    words = (said or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", words):
        return float(words)
    try:
        then = parsedate_to_datetime(words)
    except (TypeError, ValueError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
