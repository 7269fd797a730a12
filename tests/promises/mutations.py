"""Accidents that befall files, and some that only malice makes."""

from __future__ import annotations

import gzip
import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence

NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**64 - 1)
WORDS = (
    *(b"9" * 30, b"-1", b"1e999", b"NaN", b"-0", b"null", b"true", b"[[[[", b"}}", b'"', b"'", b"\\ud800", b"\\u"),
    *(b"\n", b"\r", b",", b"\t", b"::", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"&a;", b"*a", b"!!"),
    *("\u202e".encode(), "\u2028".encode(), "e\u0301\u0301".encode(), "\U0001f469\u200d\U0001f680".encode()),
)
_DIGITS = re.compile(rb"\d+")
_PNG = b"\x89PNG\r\n\x1a\n"


def mutated(data: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """A file after one to eight accidents, inside what is packed as often as outside."""
    if data[:2] == b"\x1f\x8b" and rng.random() < 0.5:
        return gzip.compress(mutated(gzip.decompress(data), rng, others), mtime=0)
    if data[:2] == b"PK" and rng.random() < 0.5:
        return _in_zip(data, rng, others)
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        rng.choice(_ACCIDENTS)(found, rng, others)
    return _with_sums(bytes(found)) if data.startswith(_PNG) and rng.random() < 0.5 else bytes(found or b"\0")


def _in_zip(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """The archive with one of its files damaged, packed so that its sums are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    victim = rng.choice(sorted(members))
    members[victim] = mutated(members[victim], rng, others)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return stream.getvalue()


def _with_sums(data: bytes) -> bytes:
    """A PNG whose parts have the right sums again, so that what is in them is looked at."""
    found, at = bytearray(data), len(_PNG)
    while at + 12 <= len(found):
        length = int.from_bytes(found[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(found):
            break
        found[end : end + 4] = zlib.crc32(found[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(found)


def _flip(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _truncate(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    if rng.random() < 0.4:
        del data[rng.randrange(len(data) + 1) :]


def _lose(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.randrange(1, 60)]


def _double(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    at, start = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
    data[at:at] = data[start : start + rng.randrange(1, 60)] * rng.choice((1, 1, 2, 40))


def _splice(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> None:
    other = rng.choice(others) if others else bytes(data)
    at, start = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    piece = other[start : start + rng.randrange(1, 80)]
    data[at : at + len(piece) * rng.randrange(2)] = piece


def _length(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    """A number that may be a length, in one of the ways that numbers are written."""
    form = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    width = struct.calcsize(form)
    at = rng.randrange(max(1, len(data) - width + 1))
    data[at : at + width] = struct.pack(form, rng.choice(NUMBERS) % 2 ** (8 * width))


def _digits(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    """A number in a text."""
    if places := list(_DIGITS.finditer(data)):
        place = rng.choice(places)
        data[place.start() : place.end()] = str(rng.choice((-1, *NUMBERS, 10**30))).encode()


def _word(data: bytearray, rng: random.Random, _others: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice(WORDS)


_ACCIDENTS = (_flip, _byte, _truncate, _lose, _double, _splice, _length, _digits, _word)
