"""From how few ancestors an ecosystem of models descends: names resolved, roots, kinship, what falls, how sure."""

from polyculture.ancestry.entry import lineage
from polyculture.ancestry.result import LineageResult

__all__ = ["LineageResult", "lineage"]
