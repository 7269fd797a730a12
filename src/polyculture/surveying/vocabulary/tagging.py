"""Papers to what they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import polars as pl
import scipy.sparse as sp

from polyculture.data.papers.types import Papers
from polyculture.surveying.tagged import Tagged
from polyculture.surveying.vocabulary.finding import candidates, named
from polyculture.surveying.vocabulary.folding import folded
from polyculture.surveying.vocabulary.schema import Method
from polyculture.surveying.vocabulary.types import Vocabulary

_ROWS = 250_000  # at once: bounds the memory that lower-cased copies take

Groups = Mapping[str, Mapping[str, Method]]


def tag(papers: Papers, vocabulary: Vocabulary, *, abstracts: bool = True) -> Tagged:
    """What each paper names, from its title and its abstract.

    Parameters
    ----------
    papers : Papers
    vocabulary : Vocabulary
    abstracts : bool
        Whether abstracts are read where papers have one. A community with abstracts then names more than one without;
        leave them out to compare such communities.

    Returns
    -------
    Tagged
        Row for row: a paper's tags do not depend on the other papers.

    Examples
    --------
    >>> import polars as pl
    >>> from polyculture.data.papers.types import Papers
    >>> from polyculture.surveying.vocabulary import load_vocabulary
    >>> titles = ["Attention LSTMs for parsing", "Joint attention in infants"]
    >>> frame = pl.DataFrame({"paper_id": ["a", "b"], "year": [2016, 2016], "title": titles, "abstract": [None, None]})
    >>> tagged = tag(Papers(frame, "memory"), load_vocabulary())
    >>> [[tagged.methods[m] for m in row.indices] for row in (tagged.names[[0]], tagged.names[[1]])]
    [['gated', 'attention'], []]
    """
    groups = {("family", name): methods for name, methods in vocabulary.families.items()}
    groups |= {("beside", kind): names for kind, names in vocabulary.beside.items()}
    parts = [_tagged_rows(papers.frame[start : start + _ROWS], groups, abstracts) for start in _starts(len(papers))]
    columns = {group: sp.csr_array(sp.vstack([part[group] for part in parts], format="csr")) for group in groups}
    families = [columns["family", name] for name in vocabulary.families]
    return Tagged(
        papers=papers,
        families=tuple(vocabulary.families),
        methods=vocabulary.methods,
        family_of=vocabulary.family_of,
        first_known=vocabulary.first_known,
        names=sp.csr_array(sp.hstack(families, format="csr")),
        beside={kind: (tuple(names), columns["beside", kind]) for kind, names in vocabulary.beside.items()},
    )


def tag_batches(batches: Iterable[Papers], vocabulary: Vocabulary, *, abstracts: bool = True) -> Iterator[Tagged]:
    """Tag papers that do not fit into memory, batch by batch.

    Examples
    --------
    >>> import polars as pl
    >>> from polyculture.data.papers.types import Papers
    >>> from polyculture.surveying.vocabulary import load_vocabulary, tag_batches
    >>> frame = pl.DataFrame({"paper_id": ["a"], "year": [2016], "title": ["Gated units"], "abstract": [None]})
    >>> [tagged.names.shape[0] for tagged in tag_batches([Papers(frame, "memory")] * 2, load_vocabulary())]
    [1, 1]
    """
    for batch in batches:
        yield tag(batch, vocabulary, abstracts=abstracts)


def _starts(papers: int) -> range:
    return range(0, max(papers, 1), _ROWS)


def _tagged_rows(
    frame: pl.DataFrame, groups: Mapping[tuple[str, str], Mapping[str, Method]], abstracts: bool
) -> dict[tuple[str, str], sp.csr_array]:
    """For each group of names, which of them every row names."""
    texts = folded(frame, abstracts)
    may = texts.select(**{f"{i}": candidates(methods.values()) for i, methods in enumerate(groups.values())})
    return {
        group: _indicator(named(texts.filter(may[f"{i}"]), methods), texts.height)
        for i, (group, methods) in enumerate(groups.items())
    }


def _indicator(rows: Mapping[str, pl.Series], papers: int) -> sp.csr_array:
    """Papers by names, true where a paper names one."""
    found = [each.to_numpy() for each in rows.values()]
    lengths = [len(each) for each in found]
    at = (np.concatenate(found), np.repeat(np.arange(len(found)), lengths))
    return sp.csr_array((np.ones(sum(lengths), dtype=bool), at), shape=(papers, len(found)))
