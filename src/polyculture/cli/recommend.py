"""``polyculture recommend``: learn from who took what where, recommend, judge, and tell what is alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from polyculture.cli.common import (
    ENDINGS,
    JsonFile,
    Memory,
    Quiet,
    Seed,
    check_choice,
    check_ours,
    check_outputs,
    check_ranges,
    here,
    words,
)
from polyculture.cli.kept import RunFolder, kept_in
from polyculture.errors import ParameterError

FORMATS = ("table", "recbole", "lightgcn", "csr", "movielens")
DUPLICATES = ("once", "last", "keep", "refuse")
REFUSE_OR_DROP = ("refuse", "drop")
HOLD_OUT = ("last", "random", "share")
HELD_OUT = ("test", "validation")

recommend_app = typer.Typer(
    help="Recommend items of several domains: learn, predict, judge, and find what is alike.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[
    Path,
    typer.Argument(
        parser=here,
        metavar="DATA",
        help="Interactions: a table, RecBole's .inter, LightGCN's .txt or .npz, MovieLens, a folder of these, or the "
        "word movielens.",
    ),
]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder that `polyculture recommend fit` wrote.")]
User = Annotated[str | None, typer.Option("--user", metavar="COLUMN", help="Column of users; its usual names if any.")]
Item = Annotated[str | None, typer.Option("--item", metavar="COLUMN", help="Column of items; its usual names if any.")]
Domain = Annotated[
    str | None, typer.Option("--domain", metavar="COLUMN", help="Column of domains; 'genres' for MovieLens.")
]
Rating = Annotated[str | None, typer.Option("--rating", metavar="COLUMN", help="Column of ratings.")]
Time = Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="Column of times: numbers or dates.")]
Text = Annotated[str | None, typer.Option("--text", metavar="COLUMN", help="Column of what is written about items.")]
Split = Annotated[
    str | None, typer.Option("--split", metavar="COLUMN", help="Column of train, validation, test; 'split' if any.")
]
Format = Annotated[str | None, typer.Option("--format", help=f"One of {', '.join(FORMATS)}; as the name tells.")]
LeastRating = Annotated[
    float | None, typer.Option("--least-rating", metavar="R", help="Leave out what is rated below.")
]
Duplicates = Annotated[str, typer.Option("--duplicates", help=f"Of interactions given again: {', '.join(DUPLICATES)}.")]
Negative = Annotated[str, typer.Option("--negative", help="Of negative ratings: refuse, drop.")]
Missing = Annotated[str, typer.Option("--missing", help="Of rows that lack something: refuse, drop.")]
SharedItems = Annotated[
    bool, typer.Option("--shared-items", help="An item of one name in several domains is one item, and not several.")
]
HoldOut = Annotated[str | None, typer.Option("--hold-out", help=f"Make a test of each user's: {', '.join(HOLD_OUT)}.")]
Cuts = Annotated[str, typer.Option("-k", "--k", metavar="N,...", help="Judge the first N items.")]
Count = Annotated[int, typer.Option("-k", "--k", metavar="N", help="Items a list.")]
OnlyDomain = Annotated[str | None, typer.Option("--domain", metavar="NAME", help="Items of this domain alone.")]


@dataclass(frozen=True)
class Input:
    """How interactions are read: columns, format and what is decided about them."""

    columns: dict[str, str | None]
    format: str | None
    least_rating: float | None
    duplicates: str
    negative: str
    missing: str
    shared_items: bool
    hold_out: str | None
    seed: int

    def check(self) -> None:
        """Words must be among those known, numbers in their ranges."""
        for option, value, allowed in (
            ("--format", self.format, FORMATS),
            ("--duplicates", self.duplicates, DUPLICATES),
            ("--negative", self.negative, REFUSE_OR_DROP),
            ("--missing", self.missing, REFUSE_OR_DROP),
            ("--hold-out", self.hold_out, HOLD_OUT),
        ):
            if value is not None:
                check_choice(option, value, allowed)
        check_ranges(seed=(self.seed, 0, 2**31))
        if self.least_rating is not None and not abs(self.least_rating) < float("inf"):
            raise ParameterError(f"--least-rating {self.least_rating}: is no finite number; give one, or leave it out")


@recommend_app.command("fit")
def fit(
    data: Data,
    out: Annotated[Path, typer.Option("--out", metavar="MODEL", help="Folder for the model.")],
    user: User = None,
    item: Item = None,
    domain: Domain = None,
    rating: Rating = None,
    time: Time = None,
    text: Text = None,
    split: Split = None,
    format_: Format = None,
    least_rating: LeastRating = None,
    duplicates: Duplicates = "once",
    negative: Negative = "refuse",
    missing: Missing = "refuse",
    shared_items: SharedItems = False,
    hold_out: HoldOut = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the recommender.")
    ] = None,
    k: Cuts = "10,20",
    memory: Memory = None,  # noqa: ARG001 - the option sets the limit itself
    seed: Seed = 0,
    json: JsonFile = None,
    run: RunFolder = None,
    quiet: Quiet = False,
) -> None:
    """Learn from interactions of several domains, keep the model, and judge it where some are held out."""
    columns = _columns(user, item, domain, rating, time, text, split)
    given = Input(columns, format_, least_rating, duplicates, negative, missing, shared_items, hold_out, seed)
    given.check()
    cuts, parameters = _cuts(k), _parameters(settings or [])
    check_outputs(folder=out, inputs=[data], json=(json, ()))
    check_ours("--out", out, "manifest.json", "polyculture")
    from polyculture.cli.recommending import fit_to

    with kept_in(run, "recommend fit", [data], {**asdict(given), "set": parameters, "k": cuts}, [out, json]):
        fit_to(data, given, out, parameters, cuts, json, quiet=quiet)


@recommend_app.command("predict")
def predict(
    model: Model,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=f"Where to write: {' '.join(ENDINGS[:4])}")],
    users: Annotated[
        Path | None,
        typer.Option("--users", parser=here, metavar="FILE", help="A table of the users to serve; all, if not given."),
    ] = None,
    user: Annotated[str, typer.Option("--user", metavar="COLUMN", help="Column of users in it.")] = "user",
    names: Annotated[str | None, typer.Option("--for", metavar="A,B,...", help="Users to serve, by name.")] = None,
    k: Count = 10,
    domain: OnlyDomain = None,
    seen: Annotated[bool, typer.Option("--seen", help="Recommend what a user has, too.")] = False,
    reasons: Annotated[int, typer.Option("--reasons", metavar="N", help="Say because of which N items.")] = 0,
    json: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """Write a table of user, item, rank, score, and because of what."""
    check_ranges(k=(k, 1, 10_000), reasons=(reasons, 0, 100))
    chosen = words(names)
    if chosen is not None and (users is not None or not chosen):
        raise ParameterError("--for: names users, as --users does; give one of them, and at least one name")
    check_outputs(inputs=[users], out=(out, ENDINGS), json=(json, ()))
    from polyculture.cli.recommended import Wanted, predict_to

    wanted = Wanted(users, user, chosen, k, domain, seen=seen, reasons=reasons)
    predict_to(model, wanted, out, json, quiet=quiet)


@recommend_app.command("evaluate")
def evaluate(
    model: Model,
    data: Data,
    user: User = None,
    item: Item = None,
    domain: Domain = None,
    rating: Rating = None,
    time: Time = None,
    text: Text = None,
    split: Split = None,
    format_: Format = None,
    least_rating: LeastRating = None,
    duplicates: Duplicates = "once",
    negative: Negative = "refuse",
    missing: Missing = "refuse",
    shared_items: SharedItems = False,
    hold_out: HoldOut = None,
    held_out: Annotated[str, typer.Option("--on", help="The split to judge on: test, validation.")] = "test",
    k: Cuts = "10,20",
    seed: Seed = 0,
    json: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """Judge a model on the interactions of a split, or on all where there is none, by domain and beside popularity."""
    columns = _columns(user, item, domain, rating, time, text, split)
    given = Input(columns, format_, least_rating, duplicates, negative, missing, shared_items, hold_out, seed)
    given.check()
    check_choice("--on", held_out, HELD_OUT)
    cuts = _cuts(k)
    check_outputs(inputs=[data], json=(json, ()))
    from polyculture.cli.recommending import evaluate_to

    evaluate_to(model, data, given, held_out, cuts, json, quiet=quiet)


@recommend_app.command("similar")
def similar(
    model: Model,
    items: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Names of items.")],
    k: Count = 10,
    domain: OnlyDomain = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help=f"Write the table: {' '.join(ENDINGS[:4])}")
    ] = None,
    json: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """Show the items that are most alike to each of the given ones, of all domains or of one."""
    check_ranges(k=(k, 1, 10_000))
    check_outputs(out=(out, ENDINGS), json=(json, ()))
    from polyculture.cli.recommended import similar_to

    similar_to(model, items, k, domain, out, json, quiet=quiet)


def _columns(
    user: str | None,
    item: str | None,
    domain: str | None,
    rating: str | None,
    time: str | None,
    text: str | None,
    split: str | None,
) -> dict[str, str | None]:
    return {"user": user, "item": item, "domain": domain, "rating": rating, "time": time, "text": text, "split": split}


def _cuts(listed: str) -> tuple[int, ...]:
    """What -k lists: whole numbers, each once, in order."""
    found = words(listed) or ()
    if not found or not all(word.isascii() and word.isdigit() and 1 <= int(word) <= 10_000 for word in found):
        raise ParameterError(f"--k {listed}: is no list of whole numbers between 1 and 10000; write it like 10,20")
    return tuple(sorted({int(word) for word in found}))


def _parameters(pairs: list[str]) -> dict[str, Any]:
    """What --set gives; a value that is no JSON stays a word."""
    from json import loads

    found: dict[str, Any] = {}
    for pair in pairs:
        name, mark, value = (part.strip() for part in pair.partition("="))
        if not name.isidentifier() or not mark or not value:
            raise ParameterError(f"--set {pair}: is no setting; write NAME=VALUE, for example method=ease")
        if name in found:
            raise ParameterError(f"--set {pair}: {name} is given twice; give it once")
        try:
            found[name] = loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found
