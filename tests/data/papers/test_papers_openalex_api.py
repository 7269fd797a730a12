"""OpenAlex's server as it is on bad days: a server of our own plays it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from polyculture.data.papers import Papers, fetch_openalex
from polyculture.data.papers.http import Patience
from polyculture.data.papers.page_cache import PageCache
from polyculture.errors import DataError, ParameterError

PAGES = 3
Answer = Callable[["Handler"], None]


def works(page: int) -> list[dict[str, Any]]:
    topic = {"subfield": {"display_name": "AI"}}
    return [
        {"id": f"https://openalex.org/W{page}{i}", "title": f"T{i}", "publication_year": 2020, "primary_topic": topic}
        for i in range(2)
    ]


class Handler(BaseHTTPRequestHandler):
    """Gives pages in turn, but for what its server was told to do first."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answer = self.server.script.pop(0) if self.server.script else good
        answer(self)

    def send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Answer] = []
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/works"


def page_of(handler: Handler) -> bytes:
    cursor = parse_qs(urlsplit(handler.path).query)["cursor"][0]
    number = 1 if cursor == "*" else int(cursor)
    following = str(number + 1) if number < PAGES else None
    return json.dumps({"meta": {"count": 2 * PAGES, "next_cursor": following}, "results": works(number)}).encode()


def good(handler: Handler) -> None:
    handler.send(200, page_of(handler))


def status(code: int, **headers: str) -> Answer:
    return lambda handler: handler.send(code, b'{"message": "no\\nway api_key=hidden"}', **headers)


def cut(handler: Handler) -> None:
    body = page_of(handler)
    handler.send(200, body[: len(body) // 2], Content_Length=str(len(body)))
    handler.close_connection = True


def chunked_cut(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"40\r\n{")
    handler.close_connection = True


def silent(handler: Handler) -> None:
    time.sleep(0.5)


def hung_up(handler: Handler) -> None:
    handler.connection.close()


def html(handler: Handler) -> None:
    handler.send(200, b"<html>Sign in</html>", "text/html")


def no_json(handler: Handler) -> None:
    handler.send(200, b"{]")


def no_results(handler: Handler) -> None:
    handler.send(200, b'{"meta": {}}')


def a_list(handler: Handler) -> None:
    handler.send(200, b"[]")


def back(handler: Handler) -> None:
    handler.send(200, json.dumps({"meta": {"next_cursor": "*"}, "results": works(1)}).encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "OPENALEX_API_KEY", "OPENALEX_MAILTO"):
        monkeypatch.delenv(name, raising=False)
    one = Server()
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.shutdown()
    thread.join()
    one.server_close()


class Fetch:
    """Asks the server, and notes for how long it would have waited."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.waits: list[float] = []

    def __call__(self, *script: Answer, tries: int = 3, folder: str | Path = "off", **more: Any) -> Papers:
        self.server.script = list(script)
        patience = Patience(tries=tries, timeout=0.2, sleep=self.waits.append)
        return fetch_openalex("type:article", address=self.server.address, folder=folder, patience=patience, **more)


@pytest.fixture
def fetch(server: Server) -> Fetch:
    return Fetch(server)


def test_all_pages(fetch: Fetch) -> None:
    papers = fetch()
    assert papers.frame["paper_id"].to_list() == ["W10", "W11", "W20", "W21", "W30", "W31"]
    assert set(papers.frame["community"]) == {"AI"}
    assert (papers.partial, papers.source, fetch.waits) == (None, "OpenAlex (type:article)", [])


@pytest.mark.parametrize(
    ("accident", "waits"),
    [
        (status(429), [1.0]),
        (status(429, Retry_After="7"), [7.0]),
        (status(503, Retry_After="soon"), [1.0]),
        (status(500), [1.0]),
        (status(502), [1.0]),
        (cut, [1.0]),
        (chunked_cut, [1.0]),
        (silent, [1.0]),
        (hung_up, [1.0]),
        (html, [1.0]),
        (no_json, [1.0]),
    ],
)
def test_one_accident_is_overcome(fetch: Fetch, accident: Answer, waits: list[float]) -> None:
    papers = fetch(good, accident)
    assert (len(papers), papers.partial) == (6, None)
    assert fetch.waits == waits


def test_a_date_says_when_to_come_again(fetch: Fetch) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert len(fetch(status(429, Retry_After=then))) == 6
    assert 20 < fetch.waits[0] <= 30


@pytest.mark.parametrize(
    ("accident", "says"),
    [
        (status(429), r"the server answered 429 \(no way api_key=\.\.\.\) \(3 tries\)"),
        (status(500), r"the server answered 500 \(.*\) \(3 tries\)"),
        (cut, r"a page that is cut short or no JSON \(3 tries\)"),
        (chunked_cut, r"the connection failed \(.*\) \(3 tries\)"),
        (silent, r"the server did not answer within 0\.2 s \(3 tries\)"),
        (hung_up, r"the connection failed \(.*\) \(3 tries\)"),
        (html, r"the server sent text/html instead of JSON \(3 tries\)"),
        (no_json, r"cut short or no JSON \(3 tries\)"),
        (status(429, Retry_After="86400"), r"answered 429 .* and asks to wait 86400 s"),
        (status(401), r"the server answered 401"),
        (status(403), r"the server answered 403"),
        (no_results, r"the server sent a page without results"),
        (a_list, r"the server sent something else than a page"),
    ],
)
def test_when_it_gives_up_it_says_so(fetch: Fetch, accident: Answer, says: str) -> None:
    """What was read before is kept; if nothing was, it is an error."""
    papers = fetch(good, good, *[accident] * 3)
    assert len(papers) == 4
    assert papers.partial is not None
    assert papers.partial.startswith("OpenAlex (type:article): 4 of 6 works were read, as page 3 could not be had: ")
    with pytest.raises(DataError, match=says) as error:
        fetch(*[accident] * 3)
    assert str(error.value).endswith("; try again later, or set OPENALEX_API_KEY")
    assert "\n" not in str(error.value)
    assert str(error.value).removeprefix("OpenAlex (type:article): ").partition(";")[0] in papers.partial


def test_waits_grow(fetch: Fetch) -> None:
    with pytest.raises(DataError, match="5 tries"):
        fetch(*[status(500)] * 5, tries=5)
    assert fetch.waits == [1.0, 2.0, 4.0, 8.0]


def test_pages_in_a_circle_end(fetch: Fetch) -> None:
    papers = fetch(good, good, back)
    assert len(papers) == 4
    assert papers.partial == "OpenAlex (type:article): page 3 points back; 6 works were read"


def test_no_more_than_are_wanted(fetch: Fetch, server: Server) -> None:
    papers = fetch(most=3)
    assert (len(papers), len(server.asked)) == (4, 2)
    assert papers.partial == "OpenAlex (type:article): 4 of 6 works were asked for"
    assert fetch(most=6).partial is None


def test_the_key_is_sent_and_kept_nowhere(
    fetch: Fetch, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENALEX_API_KEY", "s3cret/&")
    monkeypatch.setenv("OPENALEX_MAILTO", "a@example.org")
    papers = fetch(good, *[status(500)] * 3, folder=tmp_path)
    asked = parse_qs(urlsplit(server.asked[0]).query)
    assert (asked["api_key"], asked["mailto"]) == (["s3cret/&"], ["a@example.org"])
    assert (asked["filter"], asked["per_page"], asked["cursor"]) == (["type:article"], ["100"], ["*"])
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 1
    assert not any("s3cret" in path.read_text() + path.name for path in kept)
    assert "s3cret" not in str(papers.partial)


def test_pages_are_kept_and_a_second_try_goes_on(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    assert fetch(good, *[status(500)] * 3, folder=tmp_path).partial
    server.asked.clear()
    papers = fetch(folder=tmp_path)
    assert (len(papers), papers.partial) == (6, None)
    assert [parse_qs(urlsplit(path).query)["cursor"][0] for path in server.asked] == ["2", "3"]
    server.asked.clear()
    assert fetch(folder=tmp_path).frame.equals(papers.frame)
    assert server.asked == []
    fetch(folder=tmp_path, days=0)
    assert len(server.asked) == PAGES


def test_a_damaged_page_is_fetched_again(tmp_path: Path) -> None:
    cache = PageCache(tmp_path)
    cache.put("a", {"results": [1]})
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(path.read_bytes().replace(b"[1]", b"[2]"))
    assert cache.get("a") is None


def test_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "pages").write_text("a file")
    cache = PageCache(tmp_path)
    cache.put("a", {})
    assert cache.get("a") is None


@pytest.mark.parametrize(
    ("words", "more", "says"),
    [
        (" ", {}, "filter is empty"),
        ("a", {"most": 0}, "most is 0; give a number from 1"),
        ("a", {"address": "file:///etc/passwd"}, "give one that begins with https://"),
        ("a", {"columns": {"titel": "x"}}, "'titel', which is no part of a paper"),
        ("a", {"communities": {}}, "communities is {}"),
    ],
)
def test_bad_parameters(words: str, more: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        fetch_openalex(words, **more)
