"""The vocabulary that ships: what each method is found in, and what it is not."""

from __future__ import annotations

import polars as pl
import pytest
from method_examples import EXAMPLES

from polyculture.data.papers.types import Papers
from polyculture.surveying.vocabulary import load_vocabulary, tag

VOCABULARY = load_vocabulary()
FIRST_KNOWN = dict(zip(VOCABULARY.methods, VOCABULARY.first_known, strict=True))


def named(*papers):
    """Families and methods that each paper (title, year, abstract) names: many at once, as each call compiles."""
    full = [(*paper, None)[:3] for paper in papers]
    frame = pl.DataFrame(full, schema={"title": pl.String, "year": pl.Int32, "abstract": pl.String}, orient="row")
    tagged = tag(Papers(frame, "memory"), VOCABULARY)
    rows = [tagged.names[[row]].indices for row in range(len(full))]
    return [({tagged.families[tagged.family_of[m]] for m in row}, {tagged.methods[m] for m in row}) for row in rows]


def test_every_method_has_examples():
    assert set(EXAMPLES) == set(VOCABULARY.methods)


@pytest.fixture(scope="module")
def of_examples():
    """For each method what its title, the other, and its title in the year before the method are found to name."""
    cases = [
        case
        for method, (title, year, other, other_year) in EXAMPLES.items()
        for case in ((title, year), (other, other_year), (title, FIRST_KNOWN[method] - 1))
    ]
    found = [methods for _, methods in named(*cases)]
    return {method: found[3 * i : 3 * i + 3] for i, method in enumerate(EXAMPLES)}


@pytest.mark.parametrize("method", EXAMPLES)
def test_named_and_not_named(of_examples, method):
    title, other, too_early = of_examples[method]
    assert method in title
    assert method not in other
    assert method not in too_early


SENSES = [
    ("Visual attention", 2013, "transformer", False),
    ("Where attention matters in captions", 2015, "transformer", True),
    ("Autism and attention deficit", 2018, "transformer", False),
    ("This work has received much attention", 2018, "transformer", False),
    ("A language model for speech", 2012, "transformer", False),
    ("A language model for speech", 2022, "transformer", True),
    ("An n-gram language model for speech", 2022, "probabilistic", True),
    ("An n-gram language model for speech", 2022, "transformer", False),
    ("Diffusion of molecules", 2023, "diffusion", False),
    ("Heat diffusion on meshes", 2023, "diffusion", False),
    ("Text diffusion", 2019, "diffusion", False),
    ("Text diffusion", 2023, "diffusion", True),
    ("Transformer oil and power grids", 2021, "transformer", False),
    ("Bert and Ernie go to school", 2021, "transformer", False),
    ("BERT goes to school", 2021, "transformer", True),
    ("HILBERT SPACES", 2021, "transformer", False),
    ("A tree in the street", 2021, "tree_ensemble", False),
    ("State space models of text", 2023, "rnn", True),
    ("Sequence to sequence learning", 2015, "rnn", True),
    ("Sequence to sequence learning", 2022, "rnn", False),
    ("Kernel estimation for deblurring", 2012, "kernel", False),
    ("Hough voting finds mugs", 2012, "game_theory", False),
    ("Controlled text generation", 2020, "planning_control", False),
    ("Phrase-based translation of patents", 2010, "symbolic", False),
    ("Phrase-based translation of patents", 2010, "probabilistic", True),
    ("Counterfactual explanations of loans", 2021, "causal", False),
    ("Counterfactual data for dialogue", 2021, "causal", True),
    ("A local descriptor for places", 2014, "hand_crafted", False),
    ("A histogram of gradients for places", 2014, "hand_crafted", True),
    ("Commentary for board games", 2018, "game_theory", False),
    ("Swap dynamics in Schelling games", 2018, "game_theory", True),
    ("The convex hull of points", 2014, "optimisation", False),
    ("Kernel ridge regression", 2014, "linear_low_rank", False),
    ("Ridge regression", 2014, "linear_low_rank", True),
    ("Boosting sales with coupons", 2014, "tree_ensemble", False),
    ("Masked pre-training for weather", 2023, "representation_learning", True),
    ("Naive Bayes for spam", 2010, "probabilistic", True),
    ("Urban planning with maps", 2012, "planning_control", False),
    ("Watermark embedding in images", 2012, "representation_learning", False),
    ("Recursive autoencoders for phrases", 2012, "rnn", True),
    ("Recurrent concept drift in streams", 2022, "rnn", False),
    ("Particle filters for state-space models", 2024, "rnn", False),
    ("Large multimodal models on charts", 2024, "transformer", True),
    ("Large models of the climate", 2024, "transformer", False),
    ("Graph differential equations: a neural ODE", 2021, "other_network", True),
    ("Deblurring with spike cameras", 2023, "other_network", False),
    ("Faster DPM-Solver sampling", 2023, "hand_crafted", False),
    ("DPMs find cars", 2012, "hand_crafted", True),
    ("Histogram equalization of X-rays", 2014, "hand_crafted", False),
    ("FINDINGS of the shared task", 2024, "radiance_field", False),
    ("Dynamic Gaussians for view synthesis", 2024, "radiance_field", True),
    ("Signed distance fields of bones", 2021, "radiance_field", True),
    ("Implicit style representations of programmers", 2024, "radiance_field", False),
    ("Phishing and the URL", 2014, "reinforcement_learning", False),
    ("Boosting decision-based attacks", 2021, "tree_ensemble", False),
    ("Margins and the theory of boosting", 2013, "tree_ensemble", True),
    ("A choir sings in ensembles", 2019, "tree_ensemble", False),
    ("Ordinal regression of ages", 2017, "linear_low_rank", False),
    ("Bounds for non-linear models", 2019, "linear_low_rank", False),
    ("Uplift in marketing", 2021, "causal", True),
    ("Causal emotion entailment in dialogue", 2022, "causal", False),
    ("Incentivizing reasoning in language models", 2025, "game_theory", False),
    ("Incentivizing exploration of experts", 2018, "game_theory", True),
    ("Iterative voting converges", 2021, "game_theory", True),
    ("The Potts model of tweets", 2016, "probabilistic", True),
    ("PotTS, a corpus of tweets", 2016, "probabilistic", False),
    ("Layout planning of pages", 2024, "planning_control", False),
    ("A convolution kernel for opinions", 2010, "kernel", True),
    ("Clustering convolutional kernels", 2018, "kernel", False),
    ("Variational learning of weights", 2025, "probabilistic", True),
    ("Dirichlet energies of graphs", 2022, "probabilistic", False),
    ("Loop closure by message passing on factor graphs", 2020, "graph_network", False),
    ("Message passing on molecular graphs", 2022, "graph_network", True),
    ("Manipulation from teleoperated demonstrations", 2012, "reinforcement_learning", True),
    ("In-context demonstrations for grammar", 2025, "reinforcement_learning", False),
    ("Fiber-reinforced soft robots", 2019, "reinforcement_learning", False),
    ("Reinforced selection of metadata", 2019, "reinforcement_learning", True),
    ("Best-arm identification", 2016, "reinforcement_learning", True),
    ("VideoDPO aligns videos", 2025, "reinforcement_learning", True),
    ("Unsigned distance fields of garments", 2023, "radiance_field", True),
    ("Continuous control from pixels", 2021, "planning_control", True),
    ("The low-rank bottleneck of LoRA", 2025, "linear_low_rank", False),
    ("Multi-turn responses with dual attention", 2023, "transformer", True),
    ("In-context ranking", 2025, "transformer", True),
    ("Mitigating reward over-optimization", 2025, "optimisation", False),
    ("A convolutional beamformer against reverberation", 2019, "cnn", False),
    ("Infimal convolutions are smooth", 2025, "cnn", False),
    ("Dilated convolutions for music", 2017, "cnn", True),
    ("A convolution of measures", 2012, "cnn", False),
    ("ChitConv, conversations of strangers", 2022, "cnn", False),
    ("Streaming histograms of queries", 2019, "hand_crafted", False),
    ("Colour histograms of flowers", 2011, "hand_crafted", True),
    ("Gabor noise on cloth", 2012, "hand_crafted", False),
    ("Balanced graph cuts", 2011, "optimisation", False),
    ("Coevolution of content and friends", 2013, "optimisation", False),
    ("Cooperative coevolution of controllers", 2013, "optimisation", True),
    ("An evolutionary path to spiking brains", 2019, "optimisation", False),
    ("Evolutionary algorithms for bridges", 2019, "optimisation", True),
    ("Adaptive gradient correction for relations", 2024, "optimisation", False),
    ("Gradient-based training-free search", 2022, "optimisation", False),
    ("Bayesian (combinatorial) optimization", 2020, "optimisation", False),
    ("Fast learning rates of estimators", 2014, "optimisation", False),
    ("Adaptive learning rates for speech", 2014, "optimisation", True),
    ("Grammar as learners see it", 2023, "symbolic", False),
    ("A dependency grammar of Latin", 2013, "symbolic", True),
    ("Character logic of role-players", 2025, "symbolic", False),
    ("A modal logic of knowledge", 2015, "symbolic", True),
    ("Graph-based dependency parsing", 2016, "symbolic", False),
    ("Transition-based dependency parsing", 2016, "symbolic", True),
    ("Safe screening rules of OWL regression", 2020, "symbolic", False),
    ("Fuzzy regions of lesions", 2024, "symbolic", False),
    ("Fuzzy rules for pumps", 2014, "symbolic", True),
    ("Neural networks with rules of grammar", 2019, "symbolic", True),
    ("Proper scoring rules of forecasters", 2019, "symbolic", False),
    ("Rules of thumb for sailors", 2019, "symbolic", False),
    ("Differentiable logic machines", 2023, "symbolic", True),
    ("Learning to prove theorems by play", 2021, "symbolic", True),
    ("A central limit theorem of queues", 2021, "symbolic", False),
    ("Explaining networks by learning automata", 2022, "symbolic", True),
    ("Decoding with a CFG", 2017, "symbolic", True),
    ("CFG of guided samplers", 2024, "symbolic", False),
    ("Surface realisers of TAG", 2010, "symbolic", True),
    ("Neural symbolic regression of orbits", 2023, "symbolic", False),
    ("A neural-symbolic reader of recipes", 2023, "symbolic", True),
    ("Rules of board games", 2014, "symbolic", False),
    ("Knowledge graphs and rules", 2024, "symbolic", True),
    ("Pairs of cellular automata rules", 2017, "symbolic", False),
    ("Ensembles of structured prediction rules", 2014, "symbolic", False),
    ("Rule-based rewards for robots", 2025, "symbolic", True),
    ("An overview of argumentation systems", 2024, "symbolic", False),
    ("Semantics for argumentation", 2020, "symbolic", True),
    ("SAT: 2D assisted training", 2021, "symbolic", False),
    ("Minimal unsatisfiable subsets", 2021, "symbolic", True),
]


@pytest.fixture(scope="module")
def of_senses():
    return named(*((title, year) for title, year, _, _ in SENSES))


@pytest.mark.parametrize("case", range(len(SENSES)), ids=[f"{title}-{year}" for title, year, _, _ in SENSES])
def test_senses(of_senses, case):
    _, _, family, is_named = SENSES[case]
    assert (family in of_senses[case][0]) is is_named


def test_dashes_spaces_and_case_do_not_matter():
    titles = ["SELF-SUPERVISED GRAPHS", "Self\u2010supervised", "self\nsupervised", "self_supervised"]
    assert all("representation_learning" in families for families, _ in named(*((title, 2020) for title in titles)))


def test_other_scripts_and_invisible_characters():
    titles = ["شبکه عصبی LSTM برای زبان", "\u200fכתב יד עם \u200eLSTM\u200f", "基于LSTM的模型", "LS\u00adTM", "«LSTM»"]
    assert all("rnn" in families for families, _ in named(*((title, 2020) for title in titles)))


def test_an_abstract_counts_and_no_phrase_crosses_into_it():
    inside, across = named(("Faces", 2018, "We train a GAN."), ("The word", 2018, "vectors of disease"))
    assert "other_generative" in inside[0]
    assert "representation_learning" not in across[0]


def test_an_excluded_phrase_does_not_hide_another():
    ((families, _),) = named(("Human attention and attention networks", 2018))
    assert "transformer" in families
