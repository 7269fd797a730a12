"""A model is asked itself for its reasons."""

from __future__ import annotations

from polyculture import CrossDomainClassifier
from polyculture.explain import explain


def test_a_model_gives_the_reasons_that_the_function_gives():
    texts = ["good day", "bad day", "good meal", "bad meal", "a good one", "a bad one"] * 10
    labels, domain = ["+", "-"] * 30, ["days"] * 30 + ["meals"] * 30
    model = CrossDomainClassifier(("lexical",), components=4).fit(texts, labels, domain=domain)
    found = model.explain(["good night"], domain=["days"], kinds=("words",))
    expected = explain(model, ["good night"], domain=["days"], kinds=("words",))
    assert [each.to_dict() for each in found] == [each.to_dict() for each in expected]
    assert found[0].to_dict()["predicted"] == "+"
