"""Whatever is wrong with papers or options: one sentence that says where and what to do, and exit code 2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from survey_runs import QUICK, made_papers, run_survey, write_papers

Arguments = list[object]
N = len(made_papers()["year"])


@dataclass(frozen=True)
class Bad:
    """A kind of bad input: makes it in a folder, and what the sentence must say."""

    name: str
    arguments: Callable[[Path], Arguments]
    says: tuple[str, ...]
    hint: str


def option(*options: object, says: tuple[str, ...], hint: str) -> Bad:
    """Good papers with an option that is not."""
    words = " ".join(str(each) for each in options)
    return Bad(words, lambda folder: [write_papers(folder / "papers.csv"), *options], says, hint)


def columns(name: str, *options: object, says: tuple[str, ...], hint: str, **replaced: Any) -> Bad:
    """Papers with columns replaced, or left out where None."""

    def arguments(folder: Path) -> Arguments:
        return [write_papers(folder / "papers.csv", **replaced), *options]

    return Bad(name, arguments, says, hint)


def content(name: str, file: str, text: str | bytes, *options: object, says: tuple[str, ...], hint: str) -> Bad:
    """A file that holds just this."""

    def arguments(folder: Path) -> Arguments:
        (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        return [folder / file, *options]

    return Bad(name, arguments, says, hint)


def vocabulary(name: str, text: str | None, *says: str, hint: str) -> Bad:
    """Good papers with a vocabulary that is not; no file if there is no text."""

    def arguments(folder: Path) -> Arguments:
        if text is not None:
            (folder / "own.toml").write_text(text)
        return [write_papers(folder / "papers.csv"), "--vocabulary", folder / "own.toml"]

    return Bad(name, arguments, ("own.toml", *says), hint)


def twice(folder: Path) -> Arguments:
    return [write_papers(folder / "papers.csv"), "--json", folder / "a.html", "--report", folder / "a.html"]


def own_input(folder: Path) -> Arguments:
    return [write_papers(folder / "papers.csv"), "--json", folder / "papers.csv"]


def unlike(folder: Path) -> Arguments:
    """Two files, of which one lacks a tag."""
    first = write_papers(folder / "one.parquet", cnn=[True] * N, rnn=[False] * N)
    return [first, write_papers(folder / "two.parquet", cnn=[True] * N)]


SCHEMA = "schema = 1\n"
KINDS = [
    Bad("no such file", lambda folder: [folder / "gone.csv"], ("gone.csv",), "check the path"),
    Bad("a folder of nothing", lambda folder: [folder], ("is a folder",), "name the files in it"),
    content("unknown ending", "papers.xlsx", "x", says=("papers.xlsx", "'.xlsx'"), hint="give a file that ends in"),
    content("empty", "papers.csv", "", says=("papers.csv", "is empty"), hint="write it again"),
    content(
        "header alone", "papers.csv", "community,year,title\n", says=("papers.csv",), hint="at least one whole paper"
    ),
    content("no table", "papers.parquet", b"PAR1 nothing", says=("papers.parquet",), hint="write it again"),
    content("no JSON", "papers.jsonl", "{'a': 1}\n", says=("papers.jsonl", "line 1"), hint="write one object"),
    content("no entries", "papers.bib", "just text", says=("papers.bib",), hint="give one like"),
    content(
        "text as OpenAlex", "papers.json", "[1, 2]", "--format", "openalex", says=("papers.json",), hint="give at least"
    ),
    content("file as a folder", "a.xml", "<a/>", "--format", "acl", says=("a.xml",), hint="name the ACL Anthology's"),
    columns("no years", year=None, says=("papers.csv", "'year'", "--year COLUMN"), hint="name one of its columns"),
    columns("no titles", title=None, says=("papers.csv", "'title'"), hint="name one of its columns"),
    columns("no communities", community=None, says=("--community COLUMN", "--one-community"), hint="if all are of one"),
    columns("years that are none", year=["soon"] * N, says=("no paper is left", "year"), hint="mend these"),
    columns("empty titles", title=[" "] * N, says=("no paper is left", "title"), hint="mend these"),
    columns("nobody's papers", community=[""] * N, says=("no paper is left", "communit"), hint="mend these"),
    columns(
        "a tag that is no tag", "--tags", "cnn", cnn=["maybe"] * N, says=("row 1", "'maybe'"), hint="true or false"
    ),
    option("--tags", "S.*", says=("papers.csv", "'S.*'"), hint="its columns are"),
    option("--tags", " , ", says=("--tags",), hint="one or more"),
    option("--year", "when", says=("papers.csv", "'when'"), hint="columns are"),
    option("--communities", "CV,NPL", says=("'NPL'",), hint="there are CV, NLP"),
    option("--communities", "CV,x=NLP", says=("--communities",), hint="cs.CL=NLP"),
    option("--communities", "=NLP", says=("--communities",), hint="cs.CL=NLP"),
    option("--communities", ",", says=("--communities",), hint="one or more"),
    option("--communities", "cs.XX=NLP", says=("no paper is left",), hint="mend these"),
    option("--communities", "CV", "--one-community", "NLP", says=("exclude each other",), hint="give one"),
    option("--one-community", " ", says=("communit",), hint="give a name"),
    option("--years", "1990-1995", says=("no papers are left",), hint="asked for"),
    option("--years", "2021-2018", says=("--years 2021-2018",), hint="like 2018-2021"),
    option("--years", "18-21", says=("--years 18-21",), hint="like 2010-2025"),
    option("--format", "cvs", says=("--format cvs",), hint="did you mean csv"),
    option("--questions", "opening", says=("--questions opening",), hint="did you mean openings"),
    option("--questions", ",", says=("--questions",), hint="one or more"),
    option("--draws", 5, says=("--draws 5",), hint="between 20"),
    option("--draws", "many", says=("--draws", "integer"), hint="--help"),
    option("--batch", -1, says=("--batch -1",), hint="between 0"),
    option("--nulls", 0, says=("--nulls 0",), hint="between 19"),
    option("--least", 0, says=("--least 0",), hint="between 1"),
    option("--level", 95, says=("--level 95",), hint="between 0.5"),
    option("--seed", -1, says=("--seed -1",), hint="between 0"),
    option("--jobs", -1, says=("--jobs -1",), hint="between 0"),
    option("--report", "page.pdf", says=("--report page.pdf",), hint=".html"),
    option("--report", "no/such/page.html", says=("--report", "no/such"), hint="make it first"),
    option("--json", ".", says=("--json",), hint="name a file"),
    Bad("one place for both", twice, ("two options",), "a place of its own"),
    Bad("output is the input", own_input, ("--json", "is read"), "another name"),
    Bad("unlike tags", unlike, ("two.parquet", "'rnn'"), "all files the same"),
    vocabulary("no vocabulary", None, hint="name a TOML file"),
    vocabulary("no TOML", "[family", hint="correct it"),
    vocabulary("no schema", '[family.a.b]\npatterns = ["c"]\n', "which form the file has", hint="write: schema = 1"),
    vocabulary("unknown key", f'{SCHEMA}[family.a.b]\npatern = ["c"]\n', "'patern'", hint="known are patterns"),
    vocabulary("no expression", f'{SCHEMA}[family.a.b]\npatterns = ["("]\n', "family.a.b", hint="no look-around"),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_bad_input_is_answered_by_one_sentence(kind: Bad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = kind.arguments(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    # options of the kind stand last, so that they count
    done = run_survey(*QUICK, *arguments)
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    for part in (*kind.says, kind.hint):
        assert part in line
    assert done.out == ""
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_an_escape_sequence_in_a_name_reaches_no_terminal(tmp_path: Path) -> None:
    done = run_survey(tmp_path / "a\x1b[31m\nb.csv", *QUICK)
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert "a [31m b.csv" in line


def test_hostile_communities_reach_no_terminal(tmp_path: Path) -> None:
    names = ["\x1b[31mCV" if name == "CV" else name for name in made_papers()["community"]]
    path = write_papers(tmp_path / "papers.csv", community=names)
    done = run_survey(path, *QUICK, "--questions", "diversity", "--least", 10)
    assert done.code == 0, done.err
    assert "\x1b" not in done.out


def test_bad_usage_exits_with_2() -> None:
    for arguments in ([], ["--sed", "1", "a.csv"]):
        done = run_survey(*arguments)
        assert done.code == 2
        assert "Traceback" not in done.err
        assert "--help" in done.err or "-h" in done.err


def test_a_bug_is_not_taken_for_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("polyculture.surveying.survey", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run_survey(write_papers(tmp_path / "papers.csv"), *QUICK)
