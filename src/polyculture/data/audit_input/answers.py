"""Tables of answers, from files or memory, as an audit takes them in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from polyculture.data.answers import Answers
from polyculture.data.audit_input.assemble import assemble
from polyculture.data.audit_input.cells import Cells
from polyculture.data.audit_input.files import Paths, called, checked
from polyculture.data.audit_input.long import read_long
from polyculture.data.audit_input.names import Kind, Names, check_named, layout
from polyculture.data.audit_input.tables import Table, load
from polyculture.data.audit_input.wide import read_wide
from polyculture.errors import DataError, ParameterError


def read_answers(
    paths: Paths,
    *,
    kind: Kind = "auto",
    item: str = "item",
    model: str = "model",
    prediction: str = "prediction",
    label: str = "label",
    group: str = "group",
    task: str = "task",
    correct: str = "correct",
    option_count: str = "options",
    probability_prefix: str = "p_",
    options: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
) -> Answers:
    r"""Answers of several models to the same items, from ``.parquet``, ``.csv``, ``.tsv``, ``.jsonl`` or ``.ndjson``.

    A table may be laid out in one of these ways, which is found out from its columns:

    - *long*: a row for each item and model, with the columns `item`, `model`, `prediction`;
    - *one file a model*: several files with the columns `item` and `prediction`; the model is called as the file is;
    - *wide*: a row for each item, with the column `item` and a column for each model;
    - *right and wrong*: wide and without labels, all cells being 1, 0, true, false or empty; or one of the others with
      a column `correct` of such cells for `prediction`, or next to it.

    All but the wide may have columns of probabilities, named by a prefix and the option: ``p_yes``, ``p_no``. Items are
    brought together by their ids; they, and the models, stay in the order in which they first appear.

    Words are compared as they are written, but for spaces around them: in CSV, ``3`` and ``3.0`` are two words. Numbers
    that are stored as such (Parquet, JSON) are equal whatever their type. An empty cell is a missing answer.

    Parameters
    ----------
    paths : path or sequence of paths
    kind : {"auto", "long", "wide", "right-wrong"}
        The layout; "wide" takes cells of 0 and 1 for answers, "right-wrong" for right and wrong.
    item, model, prediction : str
        Names of columns.
    label, group : str
        Names of the columns of right answers and of groups of items; they may be absent, in some files or in all.
    task : str
        Name of a column of tasks, which may be absent: ids of items are then of one task, and it is the group if there
        is no other.
    correct : str
        Name of a column that says whether the answer is right, which may be absent.
    option_count : str
        Name of a column of how many options each item offers, which may be absent.
    probability_prefix : str
        How columns of probabilities begin; empty for none.
    options : sequence of str, optional
        All options. Otherwise, they are those that have a column of probabilities, or else all labels and answers.
    models : sequence of str, optional
        The columns of a wide table that are of models (otherwise, all that have no other meaning); of other layouts,
        the only models whose answers are read.

    Returns
    -------
    Answers
        With a policy, which says what and how often, for everything in the input that asked for a decision: missing
        answers, answers outside the options (wrong), repeated rows (read once), items without a label where others have
        one (left out), models without answers (left out), probabilities that do not sum to 1 (divided by their sum).

    Raises
    ------
    DataError
        If a file is missing or damaged, lacks a column, or contradicts itself or another: two answers of one model to
        one item, two labels of one item. The sentence names the file and the row (from 1, without the header) or the
        column.
    ParameterError
        If `kind` or `options` are not as above.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "answers.csv")
    ...     _ = path.write_text("item,label,bert,gpt\nq1,a,a,b\nq2,b,b,\n", encoding="utf-8")
    ...     answers = read_answers(path)
    >>> answers.models, answers.correct.tolist()
    (('bert', 'gpt'), [[True, False], [True, False]])
    >>> answers.policies
    (Policy(what='missing answers', count=1, done='left out of each pair that they concern'),)
    """
    files = checked(paths)
    names = Names(item, model, prediction, label, group, task, correct, option_count, probability_prefix)
    return assemble(cells_of(load(files), names, called(files), kind=kind, options=options, models=models))


def cells_of(
    tables: Sequence[Table],
    names: Names,
    source: str,
    *,
    kind: str,
    options: Sequence[str] | None,
    models: Sequence[str] | None = None,
) -> Cells:
    """Cells of tables, however they are laid out; see `read_answers`."""
    check_named(tables, names)
    given = None if options is None else different(options)
    if models is not None and (isinstance(models, str) or not models):
        raise ParameterError(f"models is {listed(models)}; name two or more")
    if models is not None and (twice := [name for name, count in Counter(models).items() if count > 1]):
        raise ParameterError(f"models names {twice[0]!r} twice; name each model once")
    if layout(tables, names, kind) == "long":
        return read_long(tables, names, given, source, models)
    if len(tables) > 1:
        raise DataError(
            f"{source}: each has a column for every model; join them into one table, or give a file for each model "
            f"with the columns {names.item!r} and {names.prediction!r}"
        )
    return read_wide(tables[0], names, given, kind=kind, models=models)


def listed(words: Sequence[str]) -> str:
    """Words as a person lists them.

    Examples
    --------
    >>> listed(("a", "b")), listed(()), listed("ab")
    ('a,b', 'empty', "the word 'ab'")
    """
    return f"the word {words!r}" if isinstance(words, str) else ",".join(map(str, words)) or "empty"


def different(options: Sequence[str]) -> list[str]:
    """Options that were given, if they are two or more different words."""
    words = [str(option).strip() for option in options]
    if isinstance(options, str) or len(set(words)) < len(words) or len(words) < 2 or "" in words:
        raise ParameterError(f"options is {listed(options)}; give two or more different words")
    return words
