"""How alike the models are that serve the domains, before and after."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyculture.evaluation.homogenization import Population, each_domain, likeness, one_for_all, sentence
from polyculture.loop.run import Run
from polyculture.targets.classes import Classes, softmax


def homogenization(run: Run) -> dict[str, Any]:
    """Likeness of the models that serve the domains, before and after, and of the base models.

    Returns
    -------
    dict
        ``populations``: for each, what :func:`polyculture.evaluation.homogenization.likeness` gives; ``sentence``.
    """
    found = {name: likeness(p, run.truth, seed=run.model.random_state) for name, p in _populations(run).items()}
    rows = run.rows
    before, after = (rows[name]["macro_f1"]["mean"] for name in ("specialists", "fused"))
    said = sentence(found["specialists"], found["after fusion"], before, after, names=("specialists", "fused models"))
    return {"populations": found, "sentence": said}


POPULATIONS = ("pooled", "specialists", "experts", "after fusion", "base models")


def _populations(run: Run) -> dict[str, Population]:
    model, vectors, domains = run.model, run.model.fed(run.test), run.data.domains

    routed = {d: model.answers(run.test, np.array([d] * len(run.test), dtype=object)) for d in domains}
    experts = {d: softmax(model.backbone_.logits(vectors, w)) for d, w in model.experts_.items()}
    families = {name: run.answers[f"encoder:{name}"].argmax(axis=1) for name in model.families_}
    views = {name: model.families_[name].dense(run.test.views[name]) for name in families}
    found = {
        "pooled": one_for_all(
            "pooled",
            run.answers["pooled"].argmax(axis=1),
            run.pooled.last_hidden(vectors),
            domains,
            "one model serves every domain",
        ),
        "specialists": each_domain("specialist", run.alone, run.own, "one network a domain, nothing shared"),
        # a fused model has no last hidden layer of its own; its answers themselves are compared
        "after fusion": each_domain(
            "fused",
            {d: a["fused"] for d, a in routed.items()},
            {d: Classes.raised(a["fused"]) for d, a in routed.items()},
            "the fused model as each domain is served; CKA of its log-probabilities",
        ),
        "base models": Population(
            list(families), np.stack(list(families.values()), axis=1), list(views.values()), "families, each alone"
        ),
    }
    if experts:
        hidden = {d: model.backbone_.last_hidden(vectors, w) for d, w in model.experts_.items()}
        found["experts"] = each_domain("expert", experts, hidden, "from one backbone")
    return {name: found[name] for name in POPULATIONS if name in found}
