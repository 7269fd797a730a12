"""Topics of papers of another citation network, beside a plain GCN of PyG and what pygda adapts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from work import Work

FILES = {"A": "acmv9", "D": "dblpv7"}


def prepare(path: Path) -> None:
    """Both networks: words, 512 vectors of them, edges, and the first label of each paper."""
    from polyculture.adapt.shared_vectors import shared_vectors
    from polyculture.data.graphs import read_acdne

    folder = Path(os.environ["POLYCULTURE_DATA"]) / "citation"
    data = read_acdne({name: folder / f"{file}.mat" for name, file in FILES.items()}, labels="single")
    edges, words = sp.coo_array(data.graph), sp.csr_array(data.vectors)
    np.savez(
        path,
        y=np.array(data.label.tolist()),
        source=np.array(data.domain) == "A",
        edges=np.stack(edges.coords),
        vectors=shared_vectors(data.vectors, seed=0).of(data.vectors).astype(np.float32),
        words=words.data,
        columns=words.indices,
        rows=words.indptr,
    )


def ours(path: Path) -> Callable[[], float]:
    """Adapted over the graph with all defaults, words and all; the way is chosen without the target's labels."""
    from polyculture.adapt.over_graph import adapt_over_graph

    with np.load(path) as kept:
        y, source, edges = kept["y"], kept["source"], kept["edges"]
        words = sp.csr_array((kept["words"], kept["columns"], kept["rows"]))
    graph = sp.csr_array((np.ones(edges.shape[1]), tuple(edges)), shape=(len(y), len(y)))
    hidden = np.where(source, y, -1)

    def ask() -> float:
        found = adapt_over_graph(words, graph, hidden, source, seed=0)
        return right(found.tried.answers, y[~source])

    return ask


def right(answers: Any, y: Any) -> float:
    """Share of the target's papers whose likeliest topic is theirs."""
    return float((np.asarray(answers).argmax(axis=1) == np.asarray(y)).mean())


def both(path: Path, *, scaled: bool) -> Iterator[Any]:
    """Source and target as PyG takes them; rows of length 1, or variance 1 over all."""
    import torch
    from torch_geometric.data import Data

    torch.manual_seed(0)
    with np.load(path) as kept:
        for side in (kept["source"], ~kept["source"]):
            place = np.cumsum(side) - 1
            edges = kept["edges"][:, side[kept["edges"]].all(axis=0)]
            vectors = torch.from_numpy(kept["vectors"][side] / (kept["vectors"].std() if scaled else 1))
            y = torch.from_numpy(kept["y"][side])
            yield Data(x=vectors, edge_index=torch.from_numpy(place[edges]), y=y)


def gcn(path: Path) -> Callable[[], float]:
    """Two layers trained on the source, as PyG's first example does: 16 hidden, dropout, Adam, 200 epochs."""
    import torch
    from torch_geometric.nn import GCN

    source, target = both(path, scaled=False)

    def ask() -> float:
        torch.manual_seed(0)
        net = GCN(source.num_features, 16, 2, out_channels=5, dropout=0.5)
        steps = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)
        for _ in range(200):
            net.train()
            steps.zero_grad()
            torch.nn.functional.cross_entropy(net(source.x, source.edge_index), source.y).backward()
            steps.step()
        net.eval()
        with torch.no_grad():
            return right(net(target.x, target.edge_index), target.y)

    return ask


class Whole:
    """A loader of one batch, the whole graph: what its own gives where a batch is as large as the graph."""

    def __init__(self, graph: Any, *_: object, **__: object) -> None:
        self.graph = graph

    def __iter__(self) -> Iterator[Any]:
        yield self.graph


def pygda(path: Path, method: str) -> Callable[[], float]:
    """One of its methods with its own defaults."""
    import torch_geometric.loader
    from standing_in import stand_in
    from torch_geometric.utils import scatter

    def scatter_add(values: Any, index: Any, dim: int = -1, dim_size: int | None = None) -> Any:
        return scatter(values, index, dim=dim, dim_size=dim_size, reduce="sum")

    torch_geometric.loader.NeighborLoader = Whole
    stand_in("torch_sparse", "torch_scatter", "torch_cluster", "cvxpy", scatter_add=scatter_add)
    import pygda.models

    source, target = both(path, scaled=True)

    def ask() -> float:
        kind = getattr(pygda.models, method)
        model = kind(in_dim=source.num_features, hid_dim=128, num_classes=5, device="cpu", verbose=0)
        model.fit(source, target)
        logits, y = model.predict(target)
        return right(logits, y)

    return ask


NAMED = (
    "ACMv9 with labels (9,360 papers), DBLPv7 without (5,484): micro-F1 of the first label of each paper of DBLPv7, "
    "over the whole network. One thread, one run, seed 0."
)
SCALED = "scaled to variance 1 (with rows of length 1 its GRADE learns next to nothing)"
VECTORS = (
    " The peer gets 512 vectors of the words that the project made, {}, which ours makes from words within its seconds."
)

citation = partial(
    Work, quantity="micro-F1", kind="more", prepare=prepare, ours=ours, data="citation", repeats=1, seconds=290
)

WORKS = [
    citation(
        name="Topics of another citation network, plain GCN",
        peer="torch-geometric",
        theirs=gcn,
        protocol=NAMED + VECTORS.format("of length 1"),
        limits="The peer is a network trained on the source alone, with the settings of PyG's first example.",
        below=(
            "Ours fits and compares several networks, and adapts; the peer trains one and adapts nothing. Memory "
            "is that "
            "of vectors spread to several depths."
        ),
        better="It has every kind of message passing, and runs on GPUs; ours rests on it.",
    ),
    *(
        citation(
            name=f"Topics of another citation network, {method}",
            peer="pygda",
            theirs=partial(pygda, method=method),
            needs=("pygda",),
            protocol=f"{NAMED} {method} with the package's defaults, 128 hidden units.{VECTORS.format(SCALED)}",
            limits=(
                "As installed, `import pygda` stops with `ModuleNotFoundError: No module named 'torch_sparse'`, "
                "which has "
                "no wheel. Empty modules stand in for torch_sparse, torch_cluster and cvxpy, PyG's scatter for that of "
                "torch_scatter, and the whole graph for a batch as large as it. Its authors tune settings for each "
                "pair. Each side may take 12 GB, and the default A2GNN wants more."
            ),
            below=(
                "Ours fits and compares several networks; the peer trains one, with fixed settings. Memory is that of "
                "vectors spread to several depths."
            ),
            better="Two dozen methods of adaptation of graphs, and their data sets, in one interface.",
        )
        for method in ("GRADE", "UDAGCN", "A2GNN")
    ),
]
