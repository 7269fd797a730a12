"""What models say of themselves and of their parents: tables, Hugging Face metadata, Ecosystem Graphs."""

from polyculture.data.model_cards.read import cards_from, read_model_cards
from polyculture.data.model_cards.types import ModelCards

__all__ = ["ModelCards", "cards_from", "read_model_cards"]
