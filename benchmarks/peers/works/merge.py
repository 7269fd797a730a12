"""Merging models that started from one, beside mergekit (files), fusion-bench and peft (tensors)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from work import Work

EXPERTS, LAYERS, LARGE, SMALL = 4, 6, 1_024, 256


def prepare(path: Path, width: int) -> None:
    """A base model and its experts, as files of safetensors and as arrays."""
    from safetensors.numpy import save_file

    rng = np.random.default_rng(0)
    base = rng.normal(scale=0.02, size=(LAYERS, width, width)).astype(np.float32)
    experts = base + rng.normal(scale=0.002, size=(EXPERTS, *base.shape)).astype(np.float32)
    np.savez(path, base=base, experts=experts)
    for place, model in enumerate([base, *experts]):
        tensors = {f"{layer}.weight": weight for layer, weight in enumerate(model)}
        save_file(tensors, file(path, place), metadata={"format": "pt"})


def file(path: Path, place: int) -> Path:
    """Where a model is; the base model is the first."""
    return path.with_name(f"{path.stem}_{place}.safetensors")


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The base model's layers, and those of the experts."""
    with np.load(path) as kept:
        return kept["base"], kept["experts"]


def some(tensors: dict[str, Any]) -> np.ndarray:
    """Every thousandth number of the merged model, in the order of the layers."""
    found = [np.asarray(tensors[f"{layer}.weight"]).ravel()[::1_000] for layer in range(LAYERS)]
    return np.concatenate(found)


def our_files(path: Path, method: str, settings: dict[str, float]) -> Callable[[], Callable[[], np.ndarray]]:
    """From files to a file."""
    from safetensors.numpy import load_file

    from polyculture.fuse.files import fuse_files

    out = path.with_name("ours.safetensors")

    def ask() -> Callable[[], np.ndarray]:
        fuse_files([file(path, i + 1) for i in range(EXPERTS)], out, base=file(path, 0), method=method, **settings)
        return lambda: some(load_file(out))

    return ask


def mergekit(path: Path, method: str, settings: dict[str, float]) -> Callable[[], Callable[[], np.ndarray]]:
    """What its command mergekit-pytorch does, without reading the command line."""
    from mergekit.graph import Executor
    from mergekit.options import MergeOptions
    from mergekit.scripts.merge_raw_pytorch import RawPyTorchMergeConfig, SimpleLoaderCache, plan_flat_merge
    from safetensors.numpy import load_file

    out = path.with_name("theirs")
    asked = RawPyTorchMergeConfig.model_validate(
        {
            "merge_method": method,
            "base_model": str(file(path, 0)),
            "models": [{"model": str(file(path, i + 1)), "parameters": {"weight": 1.0}} for i in range(EXPERTS)],
            "parameters": settings,
        }
    )

    def ask() -> Callable[[], np.ndarray]:
        SimpleLoaderCache().loaders.clear()
        tasks = plan_flat_merge(asked, str(out), tensor_union=False, tensor_intersection=False, options=MergeOptions())
        Executor(tasks, math_device="cpu", storage_device="cpu").execute()
        return lambda: some(load_file(next(out.glob("*.safetensors"))))

    return ask


def ours(path: Path, method: str, settings: dict[str, float]) -> Callable[[], np.ndarray]:
    """State dicts of arrays."""
    from polyculture.fuse.entry import fuse

    base, experts = read(path)
    start, others = named(base), [named(model) for model in experts]
    return lambda: some(fuse(others, start, method, **settings))


def named(layers: np.ndarray) -> dict[str, np.ndarray]:
    """A state dict."""
    return {f"{layer}.weight": weight for layer, weight in enumerate(layers)}


def fusion_bench(path: Path, method: str) -> Callable[[], np.ndarray]:
    """Its functions on the changes, which are added to the base model."""
    import torch
    from fusion_bench.method.isotropic_merging.iso_utils import iso_c
    from fusion_bench.method.task_singular_vector.utils import TSVM_utils

    merge = iso_c if method == "iso_c" else TSVM_utils.compute_and_sum_svd_mem_reduction
    base, experts = (torch.from_numpy(models) for models in read(path))

    def ask() -> np.ndarray:
        found = merge([named(model - base) for model in experts], accelerator="cpu")
        return some({name: base[layer] + found[name] for layer, name in enumerate(named(base))})

    return ask


def peft(path: Path, method: str, settings: dict[str, float]) -> Callable[[], np.ndarray]:
    """Its function of one tensor's changes, for each tensor."""
    import torch
    from peft.utils import merge_utils

    base, experts = (torch.from_numpy(models) for models in read(path))
    ones = torch.ones(EXPERTS)
    merge: Any = partial(getattr(merge_utils, method), weights=ones, **settings)

    def ask() -> np.ndarray:
        return some({f"{i}.weight": start + merge([e[i] - start for e in experts]) for i, start in enumerate(base)})

    return ask


MODELS = f"A made base model and {EXPERTS} experts, {LAYERS} matrices of {{0:,}} x {{0:,}}, float32; one thread."
FILES = MODELS.format(LARGE) + " From files to a file; reading the result back is not timed."

mergekit_work = partial(
    Work,
    peer="mergekit",
    quantity="mean of some weights",
    kind="same",
    prepare=partial(prepare, width=LARGE),
    needs=("mergekit",),
    close=1e-6,
    limits="Files of a few tens of megabytes, in the page cache.",
    better=(
        "It knows architectures of language models, tokenizers and slices of layers, a dozen methods more, and writes "
        "model cards."
    ),
)

WORKS = [
    mergekit_work(
        name="Task arithmetic of files",
        ours=partial(our_files, method="task_arithmetic", settings={"scale": 0.4}),
        theirs=partial(mergekit, method="task_arithmetic", settings={"lambda": 0.4}),
        protocol=FILES,
    ),
    mergekit_work(
        name="TIES of files",
        ours=partial(our_files, method="ties", settings={"density": 0.5, "scale": 0.7}),
        theirs=partial(mergekit, method="ties", settings={"density": 0.5, "lambda": 0.7}),
        protocol=f"{FILES} Half of each change is kept.",
    ),
    *(
        Work(
            name=f"{label} of tensors",
            peer="fusion-bench",
            quantity="mean of some weights",
            kind="same",
            prepare=partial(prepare, width=SMALL),
            ours=partial(ours, method=method, settings={}),
            theirs=partial(fusion_bench, method=method),
            needs=("fusion-bench",),
            close=1e-5,
            protocol=MODELS.format(SMALL) + " Singular values of every matrix.",
            limits="Its functions are called beneath its configuration; ours also checks what it is given.",
            below="Ours takes singular values in double precision, the peer in that of the weights.",
            better=(
                "Some forty methods, among them those that train; pools of models and tasks, and a command of its own."
            ),
        )
        for label, method in (("TSV-M", "tsv_m"), ("Iso-C", "iso_c"))
    ),
    Work(
        name="TIES of tensors",
        peer="peft",
        quantity="mean of some weights",
        kind="same",
        prepare=partial(prepare, width=LARGE),
        ours=partial(ours, method="ties", settings={"density": 0.5}),
        theirs=partial(peft, method="ties", settings={"density": 0.5}),
        close=1e-6,
        protocol=MODELS.format(LARGE) + " Half of each change is kept.",
        limits="Its function is called on changes of whole matrices; users call it through adapters of low rank.",
        better="It merges adapters of low rank in place, weighted, in the model that they are attached to.",
    ),
]
