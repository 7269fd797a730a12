"""What was chosen for a domain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from polyculture.recommend.order import Order
from polyculture.recommend.search import Member
from polyculture.store import State

SIDES = ("warm", "cold", "alone")


@dataclass(frozen=True)
class Choice:
    """The blends of one domain: for users with a history in it, for users with one elsewhere only, and a baseline.

    The baseline has no edge of another domain. Where there is one domain, there is the first blend alone.
    """

    warm: list[Member]
    cold: list[Member]
    alone: list[Member]
    worth: float
    cold_worth: float
    order: Order | None = None
    """What puts the best items of the first blend in order."""
    alone_order: Order | None = None

    def state(self) -> State:
        """Members, orders and what they were worth."""
        orders = {
            "order": self.order and self.order.state(),
            "alone_order": self.alone_order and self.alone_order.state(),
        }
        worths = {"worth": self.worth, "cold_worth": self.cold_worth}
        return {side: [asdict(member) for member in getattr(self, side)] for side in SIDES} | orders | worths

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        warm, cold, alone = ([Member(**member) for member in state[side]] for side in SIDES)
        # models that were kept before there were orders have none
        kept = (state.get("order"), state.get("alone_order"))
        order, alone_order = (Order.from_state(each) if each else None for each in kept)
        return cls(warm, cold, alone, state["worth"], state["cold_worth"], order, alone_order)

    def told(self, domain: str) -> list[str]:
        """What was chosen, in sentences."""
        lines = [f"{domain}: {_sum(self.warm)} ({_worth(self.worth)})"]
        if self.order:
            lines.append(
                f"{domain}: the best items are put in order by a network with a share of {self.order.share:g} "
                f"(held-out NDCG {self.order.worth:.4f}, {self.order.before:.4f} without)"
            )
        if self.cold:
            lines.append(f"{domain}, users new to it: {_sum(self.cold)} ({_worth(self.cold_worth)})")
        return lines


def _worth(found: float) -> str:
    return "not judged: too few held-out users" if math.isnan(found) else f"held-out NDCG {found:.4f}"


def _sum(members: Sequence[Member]) -> str:
    return " + ".join(
        f"{m.weight:.2f} × {m.method}{_settings(m)}{f', other domains {m.others:g}' if m.others else ''}"
        for m in members
        if m.weight
    )


def _settings(member: Member) -> str:
    found = ", ".join(f"{name} {value:g}" for name, value in member.settings.items())
    return f" ({found})" if found else ""
