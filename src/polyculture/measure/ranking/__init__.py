"""How good a ranking of items is for each user, against those that turned out to be relevant.

`recall_at`, `precision_at` and `hit_rate_at` ask what is among the first k; `ndcg_at`, `reciprocal_rank_at` and
`average_precision_at` also how early it comes. `measure_rankings` gives several at several cuts. Each takes all
users at once and gives a value a user, NaN for those without relevant items.

Libraries differ in one thing: whether a user with more relevant items than k places is measured against all of them
(``divide_by="relevant"``) or against what k places can hold (``"reachable"``). The defaults are those of LightGCN and
RecBole, which agree: recall against all, NDCG and average precision against what is reachable.
"""

from polyculture.measure.ranking.average_precision import average_precision_at
from polyculture.measure.ranking.hit_rate import hit_rate_at
from polyculture.measure.ranking.hits import hits
from polyculture.measure.ranking.ndcg import ndcg_at
from polyculture.measure.ranking.precision import precision_at
from polyculture.measure.ranking.recall import recall_at
from polyculture.measure.ranking.reciprocal_rank import reciprocal_rank_at
from polyculture.measure.ranking.together import RANKINGS, measure_rankings

__all__ = [
    "RANKINGS",
    "average_precision_at",
    "hit_rate_at",
    "hits",
    "measure_rankings",
    "ndcg_at",
    "precision_at",
    "recall_at",
    "reciprocal_rank_at",
]
