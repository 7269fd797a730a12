"""The packaged dataset: fetched once, checked, and read in memory."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from polyculture.data import DATASETS, DomainData, load_dataset, vader_domains
from polyculture.data.fetch import Distribution, fetch
from polyculture.errors import DataError, ParameterError

LINES = {
    "tweets": "1\t2.5\tgreat\r\n2\t-0.51\tawful\r\n3\t0.5\tso so\r\n",
    "movies": "1\t0.51\tclichÃ©s\r\n",
    "products": "1_1\t-4\tbroke\x85 at once\r\n\r\n",
    "editorials": "1_1\t-0.5\tas it is\r\n",
}


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def archive(lines: dict[str, str]) -> bytes:
    inner = {f"hutto/{vader_domains.FILES[domain]}": text.encode("utf-8") for domain, text in lines.items()}
    return tar_of({"v-1/additional_resources/hutto_ICWSM_2014.tar.gz": tar_of(inner)})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A made archive in place of the real one, which pip would not find."""
    data = archive(LINES)
    pinned = replace(vader_domains.DISTRIBUTION, sha256=hashlib.sha256(data).hexdigest())
    monkeypatch.setattr(vader_domains, "DISTRIBUTION", pinned)
    return data


def pip_that_writes(data: bytes, calls: list[list[str]]):
    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        (Path(command[command.index("--dest") + 1]) / vader_domains.DISTRIBUTION.file).write_bytes(data)
        return subprocess.CompletedProcess(command, 0, "", "")

    return run


def test_scores_beyond_a_half_are_classes_and_the_rest_is_left_out(small: bytes) -> None:
    data = vader_domains.parse(small)
    assert data.ids.tolist() == ["tweets/1", "tweets/2", "movies/1", "products/1_1"]
    assert data.label.tolist() == ["positive", "negative", "positive", "negative"]


def test_three_classes_keep_the_middle_as_neutral(small: bytes) -> None:
    data = vader_domains.parse(small, classes=3)
    assert data.label[data.ids == "tweets/3"].tolist() == ["neutral"]
    assert data.label[data.ids == "editorials/1_1"].tolist() == ["neutral"]
    assert data.domains == ["editorials", "movies", "products", "tweets"]


def test_a_line_is_not_cut_at_a_control_character(small: bytes) -> None:
    assert vader_domains.parse(small).texts[3] == "broke\x85 at once"


def test_a_line_that_is_not_three_fields_is_named() -> None:
    with pytest.raises(DataError, match=r"tweets_GroundTruth\.txt: line 2 is not id, score and text"):
        vader_domains.parse(archive(LINES | {"tweets": "1\t1\tok\r\n2\tgood\r\n"}))


def test_a_missing_file_in_the_archive_is_named() -> None:
    with pytest.raises(DataError, match=r"holds no nytEditorialSnippets_GroundTruth\.txt"):
        vader_domains.parse(archive({name: text for name, text in LINES.items() if name != "editorials"}))


def test_bytes_that_are_no_archive_are_one_clear_error() -> None:
    with pytest.raises(DataError, match="cannot be read"):
        vader_domains.parse(b"not a tar")


def test_a_second_load_asks_pip_for_nothing(small: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", pip_that_writes(small, calls))
    first = load_dataset("vader-domains", cache=tmp_path)
    second = load_dataset("vader-domains", cache=tmp_path)
    assert len(calls) == 1
    assert first.ids.tolist() == second.ids.tolist()


def test_pip_is_told_the_hash_before_it_builds_anything(
    small: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", pip_that_writes(small, calls))
    load_dataset("vader-domains", cache=tmp_path)
    assert {"--require-hashes", "--no-deps", "--no-binary"} <= set(calls[0])


def test_a_damaged_copy_in_the_cache_is_fetched_again(
    small: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", pip_that_writes(small, calls))
    kept = tmp_path / "datasets" / vader_domains.DISTRIBUTION.file
    kept.parent.mkdir()
    kept.write_bytes(small[:-7])
    load_dataset("vader-domains", cache=tmp_path)
    assert len(calls) == 1
    assert kept.read_bytes() == small


def test_with_the_cache_off_nothing_is_kept(small: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", pip_that_writes(small, calls))
    for _ in range(2):
        load_dataset("vader-domains", cache="off")
    assert len(calls) == 2
    assert list(tmp_path.iterdir()) == []


def test_another_hash_is_refused_and_not_kept(small: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(subprocess, "run", pip_that_writes(small + b"!", []))
    with pytest.raises(DataError, match="another SHA-256"):
        load_dataset("vader-domains", cache=tmp_path)
    assert not (tmp_path / "datasets").exists()


def test_what_pip_says_and_what_to_do_are_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: No matching distribution found\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(
        DataError, match=r"No matching distribution found\); check the connection.*put the file at"
    ) as caught:
        fetch(Distribution("nothing", "1", "0"), tmp_path)
    assert "\n" not in str(caught.value)


def test_a_pip_that_cannot_start_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(DataError, match="pip cannot get"):
        fetch(Distribution("nothing", "1", "0"), tmp_path)


def test_other_numbers_of_classes_are_refused() -> None:
    with pytest.raises(ParameterError, match="2 or 3 classes, not 5"):
        load_dataset("vader-domains", classes=5)


def test_every_dataset_has_a_summary_and_a_paper() -> None:
    assert all(part.summary and part.paper for part in DATASETS.values())


@pytest.fixture(scope="session")
def real() -> DomainData:
    try:
        return load_dataset("vader-domains", classes=3)
    except DataError as error:
        pytest.skip(f"the real data cannot be had here: {error}")


def test_the_real_data_have_the_counts_that_are_known(real: DomainData) -> None:
    rated = real.take(real.label != "neutral")
    assert Counter(rated.domain.tolist()) == {"products": 2943, "movies": 10043, "editorials": 2788, "tweets": 3362}
    assert len(real) == 4200 + 10605 + 3708 + 5190
