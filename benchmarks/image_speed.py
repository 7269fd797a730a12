"""Images a second of every encoder, applied and trained, beside onnxruntime alone on the same network.

Run ``python benchmarks/image_speed.py``. One thread each; images of noise, 64 × 64; no cache. The frozen networks are
also exported to ONNX here and run by onnxruntime alone on batches that are already scaled: what is left when reading,
resizing and scaling cost nothing. The best of three rounds is told; rounds are taken in turn, so that a busy minute
hits all alike.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from polyculture.features.encoders.images import efficientnet, squeezenet
from polyculture.features.encoders.images.cnn import ImageCNNEncoder
from polyculture.features.encoders.images.items import as_batch
from polyculture.features.encoders.images.pretrained import PretrainedImageEncoder
from polyculture.features.encoders.images.rnn import ImageRNNEncoder
from polyculture.features.encoders.images.transformer import ImageTransformerEncoder

FROZEN = {"squeezenet": squeezenet, "efficientnet-lite0": efficientnet}
SCRATCH = {"image-cnn": ImageCNNEncoder, "image-transformer": ImageTransformerEncoder, "image-rnn": ImageRNNEncoder}
BATCH = 32


def exported(module: Any, size: int, folder: str) -> Callable[[np.ndarray], Any]:
    """A network in onnxruntime, one thread, from scaled batches."""
    path = str(Path(folder) / f"{module.__name__.rpartition('.')[2]}.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.network(),
            (torch.zeros(BATCH, 3, size, size),),
            path,
            dynamo=False,
            input_names=["image"],
            dynamic_axes={"image": {0: "n"}},
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda batch: session.run(None, {"image": batch})[0]


def in_batches(run: Callable[[np.ndarray], Any], batch: np.ndarray) -> list[Any]:
    """All results, a batch at a time."""
    return [run(batch[start : start + BATCH]) for start in range(0, len(batch), BATCH)]


def calls_of(images: np.ndarray, size: int, folder: str) -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    y, calls = np.arange(len(images)) % 10, dict[str, Callable[[], Any]]()
    scaled = as_batch(images, size).numpy()
    for name, module in FROZEN.items():
        encoder, alone = PretrainedImageEncoder(name, size=size, cache=False).fit([]), exported(module, size, folder)
        near = np.abs(np.vstack(in_batches(alone, scaled)) - encoder.transform(images)).max()
        sys.stderr.write(f"{name}: largest difference from onnxruntime {near:.1e}\n")
        calls[f"{name}, {size} × {size}"] = lambda encoder=encoder: encoder.transform(images)
        calls[f"{name}, {size} × {size}: onnxruntime alone"] = lambda alone=alone: in_batches(alone, scaled)
    for name, kind in SCRATCH.items():
        fitted = kind(epochs=1).fit(images, y)
        calls[f"{name}, 32 × 32"] = lambda fitted=fitted: fitted.transform(images)
        calls[f"{name}, 32 × 32: one pass of training"] = lambda kind=kind: kind(epochs=1).fit(images, y)
    return calls


def main() -> None:
    """Time, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--size", type=int, default=224, help="side of what the frozen networks see")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    images = np.random.RandomState(0).randint(0, 256, (chosen.images, 64, 64, 3)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        calls = calls_of(images, chosen.size, folder)
        wall, work = ({name: float("inf") for name in calls} for _ in range(2))
        for _ in range(3):
            for name, call in calls.items():
                begun, used = time.perf_counter(), time.process_time()
                call()
                wall[name] = min(wall[name], time.perf_counter() - begun)
                work[name] = min(work[name], time.process_time() - used)
    lines = ["| | images a second | images a second of processor time |", "|---|---|---|"]
    lines += [f"| {n} | {len(images) / wall[n]:.0f} | {len(images) / work[n]:.0f} |" for n in calls]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write("\n".join(lines) + f"\n\n{memory:.0f} MB at most\n")
    if chosen.json:
        chosen.json.write_text(json.dumps({"wall": wall, "processor": work, "images": len(images)}), encoding="utf-8")


if __name__ == "__main__":
    main()
