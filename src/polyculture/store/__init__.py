"""Everything that touches the disk to stay: atomic, hashed, and never executing what it reads."""

from polyculture.store.artefact import SCHEMA, facts, load, rebuilt, save
from polyculture.store.cache import Cache
from polyculture.store.encode import State
from polyculture.store.files import cache_folder, write_bytes, write_frame, write_json, write_text

__all__ = [
    "SCHEMA",
    "Cache",
    "State",
    "cache_folder",
    "facts",
    "load",
    "rebuilt",
    "save",
    "write_bytes",
    "write_frame",
    "write_json",
    "write_text",
]
