"""Memory while texts are encoded: what grows with the corpus, what with the batch, and what the cache saves.

Each measurement is a process of its own. Given are the largest resident memory while encoding less that just before,
the size of the output, and what is left without it: the working memory, whose exponents are fitted. A second run over
the same texts, in another process, shows the cache.

    OMP_NUM_THREADS=1 python benchmarks/encoding_memory.py
    OMP_NUM_THREADS=1 python benchmarks/encoding_memory.py --encoders lexical --corpus 20000 80000 320000
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np
from million_texts import drawn, forget_high_water, high_water

MEBIBYTE = 2**20
DEFAULTS = {
    "lexical": ([50_000, 100_000, 200_000, 400_000], [4096, 16_384, 65_536]),
    "pretrained": ([1000, 2000, 4000, 8000], [16, 64, 256]),
}
"""Sizes of the corpus, and of the batch."""
FIXED = {"lexical": (200_000, 8192), "pretrained": (2000, 32)}
"""The corpus where the batch changes, and the batch where the corpus does."""


class Encoded(logging.Handler):
    """How many texts the log says that a network encoded."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count the texts of one sentence."""
        if "encoding" in str(record.msg) and isinstance(record.args, tuple):
            self.count += int(str(record.args[-1]))


def encoder_of(kind: str, batch: int, texts: list[str]) -> Any:
    """An encoder that works on so many texts at once, fitted and warm."""
    from polyculture.features.encoders import lexical
    from polyculture.features.encoders.pretrained import PretrainedEncoder

    if kind == "pretrained":
        encoder = PretrainedEncoder("minilm", batch_size=batch).fit([])
        encoder.transform(["a first text, so that the network is there"])
        return encoder
    lexical.BATCH = batch
    return lexical.LexicalEncoder().fit(texts[:20_000])


def size_of(vectors: Any) -> int:
    """Bytes of a matrix."""
    parts = (vectors.data, vectors.indices, vectors.indptr) if hasattr(vectors, "indptr") else (vectors,)
    return sum(int(part.nbytes) for part in parts)


def measured(kind: str, corpus: int, batch: int) -> None:
    """Encode, and print what it took as JSON."""
    from polyculture.engine import give_back_memory
    from polyculture.progress import LOG

    texts, _, _ = drawn(corpus, 2)
    encoder = encoder_of(kind, batch, texts)
    give_back_memory()
    encoded = Encoded()
    LOG.setLevel(logging.INFO)
    LOG.addHandler(encoded)
    forget_high_water()
    before, start = high_water(), time.perf_counter()
    vectors = encoder.transform(texts)
    seconds, peak = time.perf_counter() - start, high_water() - before
    distinct = len(set(texts))
    told = {"seconds": seconds, "peak": peak, "output": size_of(vectors) / MEBIBYTE, "hits": distinct - encoded.count}
    sys.stdout.write(json.dumps(told | {"distinct": distinct}))


def run(kind: str, corpus: int, batch: int, cache: str) -> dict[str, float]:
    """What one measurement gave, in a process of its own."""
    command = [sys.executable, __file__, "--one", kind, str(corpus), str(batch)]
    settings = os.environ | {"POLYCULTURE_CACHE": cache}
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=settings)  # noqa: S603 - our own
    return dict(json.loads(found.stdout))


def told(kind: str, corpus: int, batch: int, found: dict[str, float]) -> str:
    """One line of the table."""
    return (
        f"{kind:<10} {corpus:>9,} {batch:>7,} {found['seconds']:>8.1f} {found['peak']:>9.1f} {found['output']:>9.1f} "
        f"{found['peak'] - found['output']:>9.1f}\n"
    )


def slope(sizes: list[int], found: list[dict[str, float]]) -> float:
    """Exponent of the working memory, never below a MiB: less cannot be told from noise."""
    left = [max(one["peak"] - one["output"], 1.0) for one in found]
    return float(np.polyfit(np.log(sizes), np.log(left), 1)[0])


def series(kind: str, pairs: list[tuple[int, int]]) -> list[dict[str, float]]:
    """Measurements of so many texts in such batches, none of them cached before."""
    found = []
    for corpus, batch in pairs:
        with tempfile.TemporaryDirectory() as cache:
            found.append(run(kind, corpus, batch, cache))
        sys.stdout.write(told(kind, corpus, batch, found[-1]))
        sys.stdout.flush()
    return found


def shown(kind: str, corpora: list[int], batches: list[int]) -> None:
    """The table of one encoder, and its exponents."""
    corpus, batch = FIXED[kind]
    head = f"{'encoder':<10} {'texts':>9} {'batch':>7} {'seconds':>8} {'peak MiB':>9} {'output':>9} {'without':>9}\n"
    sys.stdout.write(head)
    by_corpus = slope(corpora, series(kind, [(size, batch) for size in corpora]))
    by_batch = slope(batches, series(kind, [(corpus, size) for size in batches]))
    sys.stdout.write(f"without its output, memory grows with the corpus to the power of {by_corpus:.2f} ")
    sys.stdout.write(f"and with the batch to the power of {by_batch:.2f}\n\n")


def again(corpus: int) -> None:
    """The same texts twice, in two processes."""
    with tempfile.TemporaryDirectory() as cache:
        for name in ("first", "second"):
            found = run("pretrained", corpus, FIXED["pretrained"][1], cache)
            sys.stdout.write(
                f"{name} run: {corpus:,} texts, {found['distinct']:,} different, {found['hits']:,} of these in the "
                f"cache, {found['seconds']:.2f} s\n"
            )


def main() -> None:
    """Print a table for each encoder, and what the cache saves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoders", nargs="+", choices=list(DEFAULTS), default=list(DEFAULTS))
    parser.add_argument("--corpus", type=int, nargs="+", help="sizes of the corpus")
    parser.add_argument("--batch", type=int, nargs="+", help="sizes of the batch")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        measured(args.one[0], int(args.one[1]), int(args.one[2]))
        return
    for kind in args.encoders:
        corpora, batches = DEFAULTS[kind]
        shown(kind, args.corpus or corpora, args.batch or batches)
    if "pretrained" in args.encoders:
        again(FIXED["pretrained"][0])


if __name__ == "__main__":
    main()
