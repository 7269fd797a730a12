"""What a report says of the command that made it: the files with their hashes, the command, the time, the language."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from polyculture.cli import app
from polyculture.cli.reporting import described, rows

RUNNER = CliRunner()


@pytest.fixture
def outcomes(tmp_path: Path) -> Path:
    lines = ["item,a,b,c", *(f"i{i},{int(i % 3 > 0)},{int(i % 4 > 0)},{int(i % 5 > 0)}" for i in range(60))]
    path = tmp_path / "outcomes.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def audited(path: Path, *more: str) -> str:
    report = path.with_suffix(".html")
    arguments = ["audit", str(path), "--kind", "outcomes", "--report", str(report), "--no-cache", "--quiet", *more]
    done = RUNNER.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return report.read_text(encoding="utf-8")


def test_files_have_their_hashes_and_rows_and_the_command_is_there(outcomes: Path) -> None:
    html = audited(outcomes)
    assert hashlib.sha256(outcomes.read_bytes()).hexdigest() in html
    assert re.search(r">outcomes.csv</th>\s*<td class=\"n\">60</td>", html)
    assert f"polyculture audit {outcomes} --kind outcomes --report" in html


def test_the_time_is_told_once_and_all_else_is_the_same(outcomes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    first = audited(outcomes)
    assert first.count("1970-01-01 00:00:00 UTC") == 1
    assert audited(outcomes) == first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert audited(outcomes) == first.replace("1970-01-01", "1970-01-02")
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", "1970-01-01 00:00:00", audited(outcomes)) == first


def test_a_report_can_be_in_chinese(outcomes: Path) -> None:
    html = audited(outcomes, "--language", "zh")
    assert '<html lang="zh-Hans">' in html
    assert "3 个模型相当于" in html


def test_an_unknown_language_is_said_before_the_work(outcomes: Path) -> None:
    report = outcomes.with_suffix(".html")
    done = RUNNER.invoke(app, ["audit", str(outcomes), "--report", str(report), "--language", "fr"])
    assert done.exit_code == 2
    assert "--language fr: is not known; use one of en, zh" in done.output
    assert not report.exists()


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("a.csv", 'x,y\n1,"two\nlines"\n2,3\n', "2"),
        ("a.tsv", "x\ty\n1\t2\n", "1"),
        ("a.jsonl", '{"a": 1}\n\n{"a": 2}\n', "2"),
        ("a.csv", "", "0"),
        ("a.npy", "bytes", "–"),
        ("a.csv", "x\n" + "y" * 200_000, "–"),
    ],
)
def test_rows_of_tables_are_counted(tmp_path: Path, name: str, text: str, count: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert rows(path) == count
    assert described(path).size == len(text.encode())


def test_rows_of_parquet_are_those_of_its_footer(tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"a": range(7)}).write_parquet(tmp_path / "a.parquet")
    assert rows(tmp_path / "a.parquet") == "7"
    (tmp_path / "b.parquet").write_bytes(b"no table")
    assert rows(tmp_path / "b.parquet") == "–"
