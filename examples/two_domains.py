"""Fit, predict, keep and load: one word, two domains, two meanings.

Run it with ``python examples/two_domains.py``; it needs no pretrained model and a few seconds.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import product

from polyculture import CrossDomainClassifier
from polyculture.features.backbone import Backbone

# "sick" is praise among skaters and none among patients
MEANING = {("skaters", "sick"): "+", ("skaters", "slow"): "-", ("patients", "sick"): "-", ("patients", "strong"): "+"}
THINGS = ["morning", "evening", "week", "start", "turn", "walk", "ride", "stop", "street", "hall", "day", "night"]

rows = [
    (f"a {word} {one} and {two}", label, domain)
    for (domain, word), label in MEANING.items()
    for one, two in product(THINGS, THINGS[:6])
]
texts, labels, domains = zip(*rows, strict=True)
model = CrossDomainClassifier(
    ("lexical",), components=40, graph="none", backbone=Backbone((64,), (0.0, 0.0), learning_rate=0.02)
).fit(texts, labels, domain=domains)

for domain in ("skaters", "patients"):
    sys.stdout.write(f"{domain}: {model.predict(['a sick week and ride'], domain=[domain])[0]}\n")

with tempfile.TemporaryDirectory() as folder:
    model.save(folder)
    again = CrossDomainClassifier.load(folder)
    same = (again.predict_proba(texts, domain=domains) == model.predict_proba(texts, domain=domains)).all()
    sys.stdout.write(f"the same after loading: {same}\n")
