"""Reasons for answers, beside captum and what PyG explains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from work import Work

ITEMS, PLAYERS, ASKED = 40, 7, 20


def prepare(path: Path) -> None:
    """A small network with interactions, and items in groups of columns."""
    rng = np.random.default_rng(0)
    np.savez(
        path,
        items=rng.normal(size=(ITEMS, PLAYERS)),
        first=rng.normal(size=(PLAYERS, 32)),
        second=rng.normal(size=32) / 6,
    )


def ours(path: Path) -> Callable[[], np.ndarray]:
    """All coalitions, each for all items at once."""
    from polyculture.explain import shapley

    with np.load(path) as kept:
        items, first, second = kept["items"], kept["first"], kept["second"]

    def worth(present: np.ndarray) -> np.ndarray:
        return np.tanh((items * present) @ first) @ second

    return lambda: shapley(worth, PLAYERS).shares


def captum(path: Path) -> Callable[[], np.ndarray]:
    """All orders of players."""
    import torch
    from captum.attr import ShapleyValues

    with np.load(path) as kept:
        items, first, second = (torch.from_numpy(kept[name]) for name in ("items", "first", "second"))
    method = ShapleyValues(lambda x: torch.tanh(x @ first) @ second)
    return lambda: method.attribute(items).numpy()


def prepare_houses(path: Path) -> None:
    """Houses planted in a graph, whose roofs tell their class; half of them have labels, some others are asked for."""
    from polyculture.explain import planted_houses

    houses = planted_houses(160, seed=0)
    edges = houses.graph.tocoo()
    label = np.array([str(name) for name in houses.label])
    known = (houses.house % 2 == 0) & (label != "None")
    rows = np.random.default_rng(0).permutation(houses.asked[houses.house[houses.asked] % 2 == 1])[:ASKED]
    kept = {"features": houses.features, "label": label, "known": known, "rows": rows, "roofs": houses.roof[rows]}
    np.savez(path, edges=np.stack([edges.row, edges.col]), **kept)


def neighbours(path: Path) -> Callable[[], float]:
    """A network over spread features, and what each node within reach adds to the answer."""
    import scipy.sparse as sp

    from polyculture import CrossDomainClassifier
    from polyculture.explain import Asked, auroc, neighbours_of

    with np.load(path) as kept:
        features, label, known, rows, roofs = (kept[n] for n in ("features", "label", "known", "rows", "roofs"))
        edges = kept["edges"]
    n = len(features)
    graph = sp.csr_array((np.ones(edges.shape[1]), tuple(edges)), shape=(n, n))
    given = [name if there else None for name, there in zip(label.tolist(), known, strict=True)]
    model = CrossDomainClassifier(graph="given", propagation="sgc", hops=(2,), random_state=0)
    model.fit(features, given, graph=graph)
    asked = Asked.of(model, features[rows], edges=graph[rows])

    def ask() -> float:
        found = neighbours_of(asked)
        return float(np.nanmean([auroc(r.effects, r.items == roof) for r, roof in zip(found, roofs, strict=True)]))

    return ask


def gnn_explainer(path: Path) -> Callable[[], float]:
    """A GCN of two layers, and a mask of the nodes within reach that is learnt in 200 steps for each answer."""
    import torch
    from torch_geometric.explain import Explainer, GNNExplainer
    from torch_geometric.nn import GCN
    from torch_geometric.utils import k_hop_subgraph

    from polyculture.explain import auroc

    with np.load(path) as kept:
        x, edges = torch.from_numpy(kept["features"]).float(), torch.from_numpy(kept["edges"]).long()
        y, known = torch.from_numpy(kept["label"] == "right").long(), torch.from_numpy(kept["known"])
        rows, roofs = kept["rows"], kept["roofs"]
    torch.manual_seed(0)
    net = GCN(x.shape[1], 32, 2, out_channels=2)
    steps = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)
    for _ in range(200):
        steps.zero_grad()
        torch.nn.functional.cross_entropy(net(x, edges)[known], y[known]).backward()
        steps.step()
    explainer = Explainer(
        net.eval(),
        algorithm=GNNExplainer(epochs=200),
        explanation_type="model",
        node_mask_type="object",
        model_config={"mode": "multiclass_classification", "task_level": "node", "return_type": "raw"},
    )

    def of(row: int, roof: int) -> float:
        near, inside, place, _ = k_hop_subgraph(row, 2, edges, relabel_nodes=True)
        found = explainer(x[near], inside, index=int(place)).node_mask.detach().numpy().ravel()
        return auroc(found, near.numpy() == roof)

    def ask() -> float:
        torch.manual_seed(0)
        return float(np.nanmean([of(int(row), int(roof)) for row, roof in zip(rows, roofs, strict=True)]))

    return ask


WORKS = [
    Work(
        name="Shapley values",
        peer="captum",
        quantity="mean share",
        kind="same",
        prepare=prepare,
        ours=ours,
        theirs=captum,
        close=1e-3,
        protocol=f"{ITEMS} made items, {PLAYERS} columns as players, a network of 32 tanh units; exact; one thread.",
        limits=(
            f"The peer walks through all {PLAYERS}! orders, ours through all 2^{PLAYERS} coalitions: the gap grows "
            f"with the "
            "number of players. Its sums are of single precision, hence the difference. Beyond ten players both sample."
        ),
        below="Memory is that of what the project's explainers import, scikit-learn and torch among it.",
        better=(
            "Dozens of methods for torch networks, gradients among them, layer by layer, on GPUs; ours rests on it "
            "there."
        ),
    ),
    Work(
        name="Which neighbour decided",
        peer="torch-geometric",
        quantity="AUROC of the planted node",
        kind="more",
        prepare=prepare_houses,
        ours=neighbours,
        theirs=gnn_explainer,
        protocol=(
            f"160 planted houses whose roofs alone tell their class; for {ASKED} nodes of houses without labels, "
            f"how well "
            "the reason tells the roof from other nodes within two hops (seed 0, one thread). Ours: spread "
            "features and "
            "what each neighbour adds; the peer: GNNExplainer, 200 steps, of a GCN of two layers. Fitting is not timed."
        ),
        limits=(
            "Each explains its own model. Of a GCN, ours also calls GNNExplainer; its own way needs linear spreading."
        ),
        below=(
            "Ours tells what each node adds to the answer of a linear model, to which others than the roof add, "
            "too; the "
            "peer looks for the fewest nodes that keep the answer of a GCN."
        ),
        better=(
            "It finds the roof a little oftener; it explains any network of PyG, edges as well as nodes, and "
            "measures fidelity."
        ),
    ),
]
