"""From how few ancestors models descend: shares of roots, kinship, what falls with a root, and how sure that is.

A pedigree is an array of parents; see `Pedigree`. Bounds (`mass_bounds`) say what parents that nobody declared leave
open; intervals (`pair_interval`) say what other models drawn from the same ecosystem would have given. They are two
things, and stand apart everywhere.
"""

from polyculture.measure.ancestry.association import regress_on_kinship
from polyculture.measure.ancestry.bounds import MassBounds, attached, mass_bounds, share_bounds
from polyculture.measure.ancestry.contributions import founder_shares, from_root, likeness_to_all
from polyculture.measure.ancestry.cycles import Loops, break_cycles
from polyculture.measure.ancestry.founders import effective_founders
from polyculture.measure.ancestry.intervals import pair_interval, share_interval
from polyculture.measure.ancestry.kinship import Kinship, kinship_between, mean_kinship, own_overlap
from polyculture.measure.ancestry.pedigree import Pedigree

__all__ = [
    "Kinship",
    "Loops",
    "MassBounds",
    "Pedigree",
    "attached",
    "break_cycles",
    "effective_founders",
    "founder_shares",
    "from_root",
    "kinship_between",
    "likeness_to_all",
    "mass_bounds",
    "mean_kinship",
    "own_overlap",
    "pair_interval",
    "regress_on_kinship",
    "share_bounds",
    "share_interval",
]
