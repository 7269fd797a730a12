"""Named parts: found by name, imported when asked for, and near misses are pointed out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from polyculture.adapt import ADAPTERS
from polyculture.data import DATASETS
from polyculture.errors import MissingExtraError, ParameterError, PolycultureError
from polyculture.features.encoders import ENCODERS
from polyculture.features.graph import PROPAGATIONS
from polyculture.fuse import FUSIONS, WEIGHT_MERGES
from polyculture.registry import Part, Registry

ALL = {
    "encoder": ENCODERS,
    "propagation": PROPAGATIONS,
    "adapter": ADAPTERS,
    "fusion": FUSIONS,
    "merge": WEIGHT_MERGES,
    "dataset": DATASETS,
}
SHAPES = Registry(
    "shape",
    {
        "square": Part("math:sqrt", "four equal sides"),
        "circle": Part("no_such_package.round:circle", "no corner", extra="train"),
        "oval": Part("no_such_package:oval", "hardly a corner"),
        "gone": Part("polyculture.no_such_module:gone", "a mistake of ours"),
    },
)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, parts in ALL.items() for name in parts])
def test_every_part_loads_and_says_what_it_is(kind, name):
    registry = ALL[kind]
    assert registry.kind == kind
    assert callable(registry.load(name))
    assert registry[name].summary
    assert registry[name].summary[-1] != "."


@pytest.mark.parametrize("name", list(ENCODERS))
def test_an_encoder_says_its_family_and_takes_its_first_parameter_after_the_colon(name):
    kind = ENCODERS.load(name)
    assert kind.family == name
    assert not kind.first or kind.first in kind().get_params()


def test_it_is_a_mapping_of_facts():
    assert list(SHAPES) == ["square", "circle", "oval", "gone"]
    assert len(SHAPES) == 4
    assert SHAPES["square"].summary == "four equal sides"
    assert "cube" not in SHAPES


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sqare", "there is no shape named 'sqare'; did you mean square?"),
        ("", "there is no shape named ''; did you mean square or circle or oval or gone?"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(name, says):
    with pytest.raises(ParameterError) as caught:
        SHAPES.load(name)
    assert str(caught.value) == says


@pytest.mark.parametrize(("name", "extra"), [("circle", "train"), ("oval", "all")])
def test_a_missing_package_names_the_extra_that_brings_it(name, extra):
    with pytest.raises(MissingExtraError) as caught:
        SHAPES.load(name)
    says = f"the shape '{name}' needs a package that is not installed; run: pip install 'polyculture[{extra}]'"
    assert str(caught.value) == says
    assert isinstance(caught.value, PolycultureError)


def test_a_missing_module_of_our_own_is_not_blamed_on_the_user():
    with pytest.raises(ModuleNotFoundError):
        SHAPES.load("gone")


def test_naming_the_encoders_imports_none_of_them():
    code = (
        "import sys; from polyculture.features.encoders import ENCODERS; list(ENCODERS); "
        "print([m for m in sys.modules if m == 'torch' or m.endswith(('.cnn', '.pretrained'))])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
