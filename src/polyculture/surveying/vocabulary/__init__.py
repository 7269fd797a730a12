"""Which methods a paper names: a vocabulary in two levels, and tagging by it."""

from polyculture.surveying.vocabulary.given import from_tags
from polyculture.surveying.vocabulary.load import load_vocabulary
from polyculture.surveying.vocabulary.schema import Alias, Method
from polyculture.surveying.vocabulary.tagging import tag, tag_batches
from polyculture.surveying.vocabulary.types import Vocabulary

__all__ = ["Alias", "Method", "Vocabulary", "from_tags", "load_vocabulary", "tag", "tag_batches"]
