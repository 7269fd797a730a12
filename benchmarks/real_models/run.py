"""Represent the same items with every model: ``python run.py ENVIRONMENT --out FOLDER``.

Run it where polyculture is installed; ENVIRONMENT is what `make_environment.py` made. Each model runs in a process of
its own, on one core; one that fails is reported and the rest goes on. A file that is there already is not made again:
delete it, or name another folder, to have it made anew.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from items import domain_texts, emoji
from models import MODELS

SCRIPTS = Path(__file__).parent
OFFLINE_ON_ONE_CORE = {
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
}


def main() -> None:
    """Write the items, then a file for each model and set of items; end with 1 if a model failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS))
    parser.add_argument("--texts", type=int, default=250, help="from each of four domains")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    names, drawn = emoji(chosen.environment / "archives")
    sets = {"text": domain_texts(chosen.texts, chosen.seed), "emoji_text": names, "emoji_image": drawn}
    for name, items in sets.items():
        items.write(chosen.out / "items" / f"{name}.json")
    failed = []
    for model in chosen.models:
        wanted = [name for name, items in sets.items() if items.modality == MODELS[model].modality]
        missing = [name for name in wanted if not (chosen.out / name / f"{model}.safetensors").is_file()]
        if missing and not embed(chosen.environment, model, chosen.out, missing):
            failed.append(model)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def embed(environment: Path, model: str, out: Path, sets: list[str]) -> bool:
    """Run one model in a process of its own; whether it did what it should."""
    # not resolved: the link to Python in the environment is what makes it one
    command = [environment / "bin" / "python", SCRIPTS / "embed.py", model, out, *sets]
    return subprocess.run(command, env=os.environ | OFFLINE_ON_ONE_CORE, check=False).returncode == 0  # noqa: S603 - no shell


if __name__ == "__main__":
    main()
