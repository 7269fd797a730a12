"""A file or a folder is what it holds."""

from __future__ import annotations

import hashlib

from polyculture.store import content_of


def test_a_file_is_its_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert content_of(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_a_folder_changes_with_every_name_and_byte_in_it(tmp_path):
    (tmp_path / "in").mkdir()
    seen = [content_of(tmp_path)]
    for name, text in (("a", "1"), ("a", "2"), ("in/b", "1"), ("in/b c", "")):
        (tmp_path / name).write_text(text)
        seen.append(content_of(tmp_path))
    (tmp_path / "a").rename(tmp_path / "c")
    assert len({*seen, content_of(tmp_path)}) == 6


def test_what_is_not_there_has_none(tmp_path):
    assert content_of(tmp_path / "nothing") is None
