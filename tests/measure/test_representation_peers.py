"""What other packages say of the same representations: equal where they are right, and shown where they are not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from polyculture.measure import cka
from polyculture.measure.representation.rsa import rsa


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(scale=0.1, size=(2, 64, 512)).astype(np.float32)
    return x, x + noise / 3


def pytorch_cka(x: np.ndarray, y: np.ndarray) -> float:
    torch, package = pytest.importorskip("torch"), pytest.importorskip("cka")
    return float(package.cka_from_features(torch.from_numpy(x), torch.from_numpy(y)))


def torch_cka(x: np.ndarray, y: np.ndarray) -> float:
    torch, package = pytest.importorskip("torch"), pytest.importorskip("torch_cka")

    class Features(torch.nn.Module):
        def __init__(self, rows: np.ndarray) -> None:
            super().__init__()
            self.rows, self.out = torch.from_numpy(rows), torch.nn.Identity()

        def forward(self, items: object) -> object:
            return self.out(self.rows[items])

    items = torch.utils.data.TensorDataset(torch.arange(len(x)))
    loader = torch.utils.data.DataLoader(items, batch_size=len(x))
    layers = {"model1_layers": ["out"], "model2_layers": ["out"]}
    compared = package.CKA(Features(x), Features(y), "x", "y", **layers)
    try:
        compared.compare(loader, loader)
    except AssertionError:
        return np.nan
    return float(compared.export()["CKA"])


@pytest.fixture
def doubles() -> Iterator[None]:
    """Packages that make arrays of their own make them in double precision."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("package", [pytorch_cka, torch_cka])
def test_torch_packages_agree_on_features_of_mean_zero(package: object, pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = (part.astype(np.float64) - part.mean(axis=0, dtype=np.float64) for part in pair)
    assert package(x, y) == pytest.approx(cka(x, y), abs=1e-6)


@pytest.mark.parametrize("mean", [1, 10, 100])
@pytest.mark.parametrize("package", [pytorch_cka, torch_cka])
def test_torch_packages_are_wrong_on_float32_features_of_a_larger_mean(
    package: object, mean: float, pair: tuple[np.ndarray, np.ndarray]
) -> None:
    # Uncentred Gram matrices cancel to noise; pytorch-cka then clamps it to a likely 0 or 1, torch_cka ends in NaN.
    truth = cka(*pair)
    x, y = (part + np.float32(mean) for part in pair)
    assert cka(x, y) == pytest.approx(truth, abs=1e-6)
    assert package(x, y) != pytest.approx(truth, abs=0.05)


def rsatoolbox_compare(x: np.ndarray, y: np.ndarray, metric: str, compare: str) -> float:
    pytest.importorskip("rsatoolbox")
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm
    from rsatoolbox.rdm import compare as compare_rdms

    first, second = (calc_rdm(Dataset(z), method=metric) for z in (x, y))
    return float(compare_rdms(first, second, method=compare)[0, 0])


@pytest.fixture
def small() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 12))
    return x, x @ rng.normal(size=(12, 9)) + rng.normal(size=(40, 9))


@pytest.mark.parametrize(("compare", "theirs"), [("spearman", "spearman"), ("pearson", "corr")])
def test_rsa_equals_rsatoolbox(compare: str, theirs: str, small: tuple[np.ndarray, np.ndarray]) -> None:
    expected = rsatoolbox_compare(*small, "correlation", theirs)
    assert rsa(*small, metric="correlation", compare=compare) == pytest.approx(expected, abs=1e-6)


def test_rsa_of_euclidean_ranks_equals_rsatoolbox(small: tuple[np.ndarray, np.ndarray]) -> None:
    assert rsa(*small) == pytest.approx(rsatoolbox_compare(*small, "euclidean", "spearman"), abs=1e-6)


def test_biased_cka_is_the_whitened_cosine_of_rsatoolbox(small: tuple[np.ndarray, np.ndarray]) -> None:
    expected = rsatoolbox_compare(*small, "euclidean", "cosine_cov")
    assert cka(*small, debiased=False) == pytest.approx(expected, abs=1e-6)
