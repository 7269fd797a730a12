"""An audit of what models are made of: operators, shapes and parameters of their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from polyculture.auditing.pair_table import pair_parts, pair_table
from polyculture.auditing.result import AuditResult
from polyculture.auditing.settings import Settings
from polyculture.auditing.structure import structure
from polyculture.data.answers import ModelFile
from polyculture.errors import DataError
from polyculture.measure.pairs import PairMeasure


def audit_models(files: Sequence[ModelFile], settings: Settings, *, source: str = "the models") -> AuditResult:
    """What models share as files; nothing is run.

    Raises
    ------
    DataError
        If there are fewer than two.
    """
    if len(files) < 2:
        raise DataError(f"{source}: holds one model; give at least two to compare")
    found = structure(files)
    nothing = np.full((len(files),) * 2, np.nan)
    measures = {
        name: PairMeasure(matrix, nothing, nothing, null=nothing, p=nothing, reason=found.reason)
        for name, matrix in found.measures.items()
    }
    table = pair_table(found.models, measures, adjust=settings.adjust)
    return AuditResult(
        kind="models",
        models=list(found.models),
        items=0,
        parameters=dict(zip(found.models, found.parameters.tolist(), strict=True)),
        not_measured={"intervals and chance": found.reason},
        settings=asdict(settings),
        source=source,
        **pair_parts(table, list(measures), found.models),
    )
