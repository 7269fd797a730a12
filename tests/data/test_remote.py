"""Files and run folders that lie elsewhere, by the file systems of fsspec."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from traceback import format_exception
from typing import Any, ClassVar, get_type_hints

import numpy as np
import pytest

from polyculture import audit, store
from polyculture.addresses import without_secrets
from polyculture.data import read
from polyculture.data.remote import _name, is_remote, local_copy
from polyculture.errors import DataError, StoreError

fsspec = pytest.importorskip("fsspec")
MemoryFileSystem = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem

TABLE = "text,label,domain\ngood,1,a\nbad,0,b\n"


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """An empty file system in memory, and an empty cache."""
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    return system


def test_a_path_is_no_address():
    assert not is_remote("papers.csv")
    assert not is_remote("C:\\papers.csv")
    assert is_remote("gs://bucket/papers.csv")


def test_a_file_is_brought_once_and_again_when_it_changed(memory):
    memory.pipe("/shop/reviews.csv", TABLE.encode())
    first = local_copy("memory://shop/reviews.csv")
    assert first.name == "reviews.csv"
    assert first.read_text() == TABLE
    assert local_copy("memory://shop/reviews.csv") == first
    memory.pipe("/shop/reviews.csv", b"other")
    assert local_copy("memory://shop/reviews.csv").read_text() == "other"


def test_readers_take_addresses(memory):
    memory.pipe("/shop/reviews.csv", TABLE.encode())
    assert read("memory://shop/reviews.csv", domain="domain").domains == ["a", "b"]
    memory.pipe("/answers.csv", b"item,label,m1,m2\n1,a,a,a\n2,b,a,b\n3,a,a,b\n")
    assert audit("memory://answers.csv", cache=False).models == ["m1", "m2"]


def test_what_is_not_there_is_one_error(memory, tmp_path):
    memory.pipe("/folder/a.csv", b"x")
    with pytest.raises(DataError, match=r"memory://no.csv: does not exist; check the address"):
        local_copy("memory://no.csv")
    with pytest.raises(DataError, match=r"memory://folder: is a folder; name a file in it"):
        local_copy("memory://folder")
    with pytest.raises(DataError, match="cannot be read"):
        local_copy("nosuchthing://a/b.csv")


class Served(BaseHTTPRequestHandler):
    """What a server answers to each path: a status, headers and a body; those of POST are not asked for."""

    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}
    got: ClassVar[list[str]] = []

    def do_GET(self):
        status, headers, body = self.answers.get(self.path.partition("?")[0], (404, {}, b""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.got.append(self.path)
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 (what the standard library calls)

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def server(memory):
    """A server of this machine, with what it answers, and an empty cache."""
    pytest.importorskip("aiohttp")
    Served.answers.clear()
    Served.got.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
def test_a_file_of_a_server_is_brought_once_and_again_when_it_changed(server, validator):
    where = f"http://{server}/reviews.csv"
    Served.answers["/reviews.csv"] = (200, {validator: "one"}, TABLE.encode())
    assert [local_copy(where).read_text() for _ in range(2)] == [TABLE, TABLE]
    assert len(Served.got) == 1
    Served.answers["/reviews.csv"] = (200, {validator: "two"}, TABLE.replace("good", "fine").encode())
    assert local_copy(where).read_text() == TABLE.replace("good", "fine")


def test_a_file_of_a_server_that_tells_nothing_of_it_is_brought_each_time(server):
    where = f"http://{server}/reviews.csv"
    for body in (b"one", b"two"):
        Served.answers["/reviews.csv"] = (200, {}, body)
        assert local_copy(where).read_bytes() == body


@pytest.mark.parametrize("status", [401, 403, 500])
def test_what_a_server_refuses_is_one_error(server, status):
    Served.answers["/answers.csv"] = (status, {}, b"no")
    with pytest.raises(DataError, match=rf"/answers.csv: cannot be read \({status} [A-Z]"):
        local_copy(f"http://{server}/answers.csv")
    Served.answers["/run/run.json"] = (status, {}, b"no")
    Served.answers["/run"] = (200, {"Content-Type": "text/html"}, b'<a href="/run/run.json">')
    with pytest.raises(StoreError, match=rf"/run cannot be a run folder \({status}"), store.run(f"http://{server}/run"):
        pass


def test_a_server_that_breaks_off_is_one_error(server, monkeypatch):
    Served.answers["/answers.csv"] = (200, {"ETag": "one"}, TABLE.encode())

    def refused(*_, **__):
        raise aiohttp.ClientPayloadError("broken off")

    aiohttp = pytest.importorskip("aiohttp")
    system, _ = fsspec.core.url_to_fs(f"http://{server}/answers.csv")
    monkeypatch.setattr(system, "get_file", refused)
    with pytest.raises(DataError, match=r"cannot be read \(broken off\)"):
        local_copy(f"http://{server}/answers.csv")


def test_nobody_who_is_no_server_is_one_error(memory):
    pytest.importorskip("aiohttp")
    with pytest.raises(DataError, match=r"a.csv: cannot be read"):
        local_copy("http://127.0.0.1:1/a.csv")
    with pytest.raises(DataError, match=r"a.csv: does not exist"):
        local_copy("file:///nowhere/a.csv")


def test_a_page_is_not_searched_for_links(server):
    Served.answers["/page.csv"] = (200, {"ETag": "one", "Content-Type": "text/html"}, b'<a href="page.csv/more">')
    assert local_copy(f"http://{server}/page.csv").name == "page.csv"
    assert Served.got == ["/page.csv"]


def test_a_cache_that_cannot_be_written_is_one_error(memory, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "file"))
    memory.pipe("/a.csv", b"x")
    with pytest.raises(DataError, match=r"memory://a.csv: cannot be read .*check the address"):
        local_copy("memory://a.csv")


def run_cli(*words):
    """The exit code of a command."""
    from polyculture.cli import app

    with pytest.raises(SystemExit) as done:
        app(list(words))
    return done.value.code


SECRET = "PASSW0RD"  # noqa: S105 (nobody's)


@pytest.mark.parametrize("who", [f"me:{SECRET}@", f"{SECRET}@", f"me:{SECRET}/x@", f"me:a@{SECRET}@", ""])
@pytest.mark.parametrize("query", [f"?X-Amz-Signature={SECRET}&a=b/c.txt", f"#{SECRET}", ""])
def test_secrets_stand_in_no_text(who, query):
    given = f"https://{who}example.org/a@b/answers.csv{query}"
    for text in (given, f"--truth={given}", str(Path(given)), f"{given}, and {given}"):
        told = without_secrets(text)
        assert SECRET not in told
        assert "answers.csv" in told
        assert without_secrets(told) == told
    assert f"({without_secrets('s3://bucket/a')})" == without_secrets("(s3://bucket/a)")


def test_a_signed_address_is_read_and_its_secrets_are_told_nowhere(server, tmp_path, capsys):
    answers = "item,label,m1,m2,m3\n" + "".join(f"{i},a,{'ab'[i % 2]},{'ab'[i % 3 == 0]},a\n" for i in range(12))
    Served.answers["/my%20answers.csv"] = (200, {"ETag": "one"}, answers.encode())
    where = f"http://me:{SECRET}@{server}/my%20answers.csv?X-Amz-Signature={SECRET}&of=a/b.txt"
    report, found = tmp_path / "r.html", tmp_path / "f.json"
    assert run_cli("audit", where, "--report", str(report), "--json", str(found), "--permutations", "5") == 0
    assert Served.got[-1].endswith(f"?X-Amz-Signature={SECRET}&of=a/b.txt")
    assert run_cli("audit", where.replace("my%20", "no"), "--json", str(found)) == 2
    assert run_cli("evaluate", where, where) == 2
    said = capsys.readouterr()
    assert f"http://{server}/noanswers.csv: does not exist" in said.err
    assert "my answers.csv" in report.read_text()
    assert "/my%20answers.csv --report" in report.read_text()
    for text in (said.out, said.err, report.read_text(), found.read_text(), *map(str, tmp_path.rglob("*"))):
        assert SECRET not in text


def test_the_error_of_a_library_does_not_tell_secrets(server, memory):
    Served.answers["/a.csv"] = (403, {}, b"")
    for where in (f"http://me:{SECRET}@{server}/a.csv?s={SECRET}", f"http://me:{SECRET}/x@{server}/a.csv"):
        with pytest.raises(DataError) as error:
            local_copy(where)
        assert SECRET not in "".join(format_exception(error.value))
        with pytest.raises(StoreError) as error, store.run(where), store.part("test", n=1):
            store.step("a", lambda: 1)
        assert SECRET not in "".join(format_exception(error.value))


def test_names_of_files(memory):
    memory.pipe("/shop/a?b.csv", b"x")
    assert local_copy("memory://shop/a?b.csv").name == "a?b.csv"
    assert _name("bucket/answers.csv?versionId=3/4") == "answers.csv"
    assert _name("https://example.org") == _name("https://example.org/") == "file"


def test_where_nothing_is_kept_copies_go_with_the_process(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "temporary").mkdir()
    code = (
        "from polyculture.data.remote import local_copy\n"
        f"copies = {{local_copy('file://{tmp_path.as_posix()}/a.csv') for _ in range(2)}}\n"
        "copy, = copies\n"
        "print(copy.read_text(), copy)"
    )
    asked = {**os.environ, "POLYCULTURE_CACHE": "off", "TMPDIR": str(tmp_path / "temporary")}
    done = subprocess.run([sys.executable, "-c", code], env=asked, capture_output=True, text=True, check=False)
    assert done.stdout.startswith(f"x {tmp_path / 'temporary'}"), done.stderr
    assert not list((tmp_path / "temporary").iterdir())


def names_of_files():
    """Every argument and option of a command that names files that are read, by its metavariable."""
    from polyculture.cli import app

    groups = [app, *(group.typer_instance for group in app.registered_groups)]
    for command in (command for group in groups for command in group.registered_commands):
        for name, hint in get_type_hints(command.callback, include_extras=True).items():
            said = next(iter(getattr(hint, "__metadata__", ())), None)
            of_files = (getattr(said, "metavar", None) or "").startswith(READ)
            if of_files and name not in ("out", "json", "report", "pretrained_out", "run"):
                yield pytest.param(said.parser, id=f"{command.callback.__name__} {name}")


READ = ("FILE", "DATA", "PATH", "PAPERS", "EXPERT", "BASE", "MODEL_OR_RESULT")


@pytest.mark.parametrize("parser", list(names_of_files()))
def test_wherever_a_command_reads_a_file_an_address_will_do(parser, memory):
    memory.pipe("/shop/a.csv", TABLE.encode())
    assert parser("memory://shop/a.csv").read_text() == TABLE
    assert parser("a.csv") == Path("a.csv")


def test_a_card_is_made_of_an_address(memory, tmp_path, capsys):
    audit({"a": [1, 1, 0, 0], "b": [1, 1, 0, 0], "c": [1, 0, 1, 0]}, kind="outcomes").to_json(tmp_path / "z.json")
    assert run_cli("card", f"file://{(tmp_path / 'z.json').as_posix()}") == 0
    assert capsys.readouterr().out.split("---\n")[2].startswith("\n# z\n")


def test_a_run_goes_on_from_an_address(memory):
    computed = []

    def once(name):
        computed.append(name)
        return {"name": name}

    for names in (["a"], ["a", "b"]):
        with store.run("memory://bucket/run", about={"command": "test"}), store.part("test", n=1):
            for name in names:
                assert store.step(name, partial(once, name)) == {"name": name}
    assert computed == ["a", "b"]
    assert {"/bucket/run/run.json", "/bucket/run/journal.jsonl"} <= set(memory.find("/bucket/run"))


def test_a_run_goes_on_where_temporary_folders_lie_behind_a_link(memory, tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "link"))
    computed = []
    for _ in range(2):
        with store.run("memory://bucket/run"), store.part("test", n=1):
            store.step("a", lambda: computed.append(1) or 3)
    assert computed == [1]


class Failing(MemoryFileSystem):
    """Takes so many files and then none."""

    protocol = "failing"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    left: ClassVar[float] = float("inf")
    sent: ClassVar[list[str]] = []

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).replace("failing://", "memory://"))

    def put_file(self, lpath, rpath, **given):
        if Failing.left <= 0:
            raise RuntimeError("the bucket is gone")
        Failing.left -= 1
        Failing.sent.append(rpath)
        super().put_file(lpath, rpath, **given)


def worked(computed):
    """A small run of two steps, each of several files."""
    with store.run("failing://bucket/run", about={"command": "test"}), store.part("test", n=1):
        return [store.step(name, partial(made, name, computed))["numbers"].tolist() for name in ("a", "b")]


def made(name, computed):
    """What a step gives, noting that it was asked."""
    computed.append(name)
    return {"numbers": np.arange(3.0) + len(name), "name": name}


@pytest.fixture
def failing(memory, monkeypatch):
    """An empty object store, and what a whole run of two steps puts into it."""
    fsspec.register_implementation("failing", Failing, clobber=True)
    system = fsspec.filesystem("failing")
    for clean in (Failing.store, Failing.sent):
        clean.clear()
    monkeypatch.setattr(Failing, "left", float("inf"))
    worked([])
    whole = set(system.find("/bucket/run"))
    assert 6 <= len(whole) <= len(Failing.sent)
    yield system, whole, len(Failing.sent)
    Failing.store.clear()
    Failing.pseudo_dirs[:] = [""]


def test_a_run_that_was_broken_off_at_any_file_goes_on_and_nothing_is_torn(failing):
    system, whole, files = failing
    expected = worked([])
    for taken in range(files):
        Failing.store.clear()
        Failing.left, computed = taken, []
        with pytest.raises(StoreError, match="the bucket is gone"):
            worked(computed)
        there, Failing.left = set(system.find("/bucket/run")), float("inf")
        steps = {path.rpartition("/")[0] for path in there if path.endswith("manifest.json")}
        assert {path for path in whole if path.rpartition("/")[0] in steps} <= there
        assert not steps or "/bucket/run/run.json" in there
        again = []
        assert worked(again) == expected
        assert len(again) == 2 - len(steps)
        assert set(system.find("/bucket/run")) == whole


def test_a_step_that_was_sent_in_part_is_none(memory):
    for times in (1, 2):
        with store.run("memory://bucket/run"), store.part("test", n=1):
            computed = []
            store.step("a", lambda computed=computed: computed.append(1) or 3)
        assert computed == [1]
        for path in memory.find("/bucket/run"):
            if path.endswith("manifest.json"):
                memory.rm(path)
        assert times


def test_a_run_of_something_else_is_refused_at_an_address(memory):
    with store.run("memory://bucket/run", about={"command": "fit"}), store.part("test", n=1):
        store.step("a", lambda: 1)
    with (
        pytest.raises(StoreError, match="is the run of fit"),
        store.run("memory://bucket/run", about={"command": "audit"}),
    ):
        pass


def test_a_system_that_is_not_installed_is_one_error(memory, monkeypatch):
    def lacking(_):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", lacking)
    with pytest.raises(DataError, match=r"s3://bucket/a.csv: cannot be read .Install s3fs"):
        local_copy("s3://bucket/a.csv")
    with (
        pytest.raises(StoreError, match=r"s3://bucket/run cannot be a run folder .Install s3fs"),
        store.run("s3://bucket/run"),
    ):
        pass
