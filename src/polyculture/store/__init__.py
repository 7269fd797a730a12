"""Everything that touches the disk to stay: atomic, hashed, and never executing what it reads."""

from polyculture.store.artefact import SCHEMA, broken_off, facts, load, rebuilt, save
from polyculture.store.cache import Cache
from polyculture.store.claims import claimed
from polyculture.store.content import content_of
from polyculture.store.encode import State
from polyculture.store.files import cache_folder, write_bytes, write_frame, write_json, write_text
from polyculture.store.run_folder import FILE
from polyculture.store.runs import here, keeping, part, run, step
from polyculture.store.steps import Part

__all__ = [
    "FILE",
    "SCHEMA",
    "Cache",
    "Part",
    "State",
    "broken_off",
    "cache_folder",
    "claimed",
    "content_of",
    "facts",
    "here",
    "keeping",
    "load",
    "part",
    "rebuilt",
    "run",
    "save",
    "step",
    "write_bytes",
    "write_frame",
    "write_json",
    "write_text",
]
