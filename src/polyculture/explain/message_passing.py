"""The part of a model that passes messages, as one network of torch; nothing but `graph` imports this file."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from polyculture.arrays import Array, Floats
from polyculture.classify import CrossDomainClassifier
from polyculture.errors import MissingExtraError
from polyculture.explain.served import networks_of
from polyculture.features.backbone import Backbone
from polyculture.targets import Classes

with warnings.catch_warnings():
    # torch-geometric scripts some of its classes when it is imported, which torch deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    from torch_geometric.explain import CaptumExplainer, Explainer, GNNExplainer


class Passing(nn.Module):
    """Blocks through their layers over the graph, side by side, and through the network of a domain."""

    def __init__(self, model: CrossDomainClassifier, domain: Any = None) -> None:
        super().__init__()
        layers = [layer.propagation for layer in model.features_.spread_.layers_.values()]
        # a copy: what explains leaves marks on the layers that it looks at
        self.networks = nn.ModuleList(deepcopy(gnn.network_).eval() for gnn in layers)
        self.widths = [gnn.vectors_.shape[1] for gnn in layers]
        backbone = model.backbone_
        if isinstance(backbone, Backbone):
            self.head = backbone.network(networks_of(model).get(domain, model.merged_)).eval()

    def hidden(self, x: Tensor, sources: Tensor, weights: Tensor) -> Tensor:
        """What the network is fed, shape (m, d)."""
        blocks = torch.split(x, self.widths, dim=1)
        networks: Any = self.networks
        return torch.cat([n.hidden(b, sources, weights) for n, b in zip(networks, blocks, strict=True)], dim=1)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor) -> Tensor:
        """Scores before the softmax, shape (m, classes)."""
        scores: Tensor = self.head(self.hidden(x, edge_index, edge_weight))
        return scores


class Odds(Passing):
    """The same with log-odds of each class in place of scores.

    A score alone may rise for all classes at once, with a model that has learnt nothing, too.
    """

    def __init__(self, model: CrossDomainClassifier, domain: Any = None) -> None:
        super().__init__(model, domain)
        self.exclusive = isinstance(model.target_, Classes)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor) -> Tensor:
        """Log-odds, shape (m, classes)."""
        scores = super().forward(x, edge_index, edge_weight)
        if not self.exclusive:
            return scores
        own = torch.eye(scores.shape[1], dtype=torch.bool)
        return scores - scores.unsqueeze(1).masked_fill(own, -torch.inf).logsumexp(dim=2)


@torch.no_grad()
def hidden(model: CrossDomainClassifier, vectors: Floats, edges: sp.csr_array) -> Array:
    """Vectors after the layers over this graph, shape (m, d)."""
    return np.asarray(Passing(model).hidden(*tensors(vectors, edges)).numpy())


def tensors(vectors: Floats, edges: sp.csr_array) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors, from where to where each edge leads, and its weight."""
    listed = edges.tocoo()
    sources = torch.from_numpy(np.stack([listed.col, listed.row]).astype(np.int64))
    return torch.from_numpy(vectors), sources, torch.from_numpy(listed.data.astype(np.float32))


def masks(
    model: CrossDomainClassifier,
    vectors: Floats,
    edges: sp.csr_array,
    *,
    domain: Any,
    predicted: int,
    method: str,
    epochs: int,
    seed: int,
) -> dict[str, Floats]:
    """Weights of the edges, in the order of ``edges.tocoo()``, and of the items, for this class of the last item."""
    x, sources, weights = tensors(vectors, edges)
    explainer = Explainer(
        (Odds if method == "integrated_gradients" else Passing)(model, domain),
        algorithm=_algorithm(method, epochs),
        explanation_type="phenomenon",
        node_mask_type="attributes",
        edge_mask_type="object",
        model_config={"mode": "multiclass_classification", "task_level": "node", "return_type": "raw"},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        asked = torch.full((len(x),), predicted)
        found = explainer(x, sources, edge_weight=weights, target=asked, index=len(x) - 1)
    items = found.node_mask.detach().numpy().sum(axis=1)
    return {"edges": found.edge_mask.detach().numpy().astype(float), "items": items.astype(float)}


def _algorithm(method: str, epochs: int) -> Any:
    if method == "gnn_explainer":
        return GNNExplainer(epochs=epochs, lr=0.05)
    try:
        return CaptumExplainer("IntegratedGradients")
    except ImportError as error:
        raise MissingExtraError("integrated gradients", "explain") from error
