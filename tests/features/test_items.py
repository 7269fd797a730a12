from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.encoders.choice import encoders_of_modalities
from polyculture.features.encoders.vectors import VectorEncoder
from polyculture.features.items import Items, read_pictures, scattered

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (3, 4, 5), dtype=np.uint8)


def test_kinds_are_told_by_what_values_are():
    found = Items.of(
        {"title": ["a", "b", "c"], "size": np.ones((3, 2)), "cover": GREY, "pulse": np.ones((3, 6, 1), np.float32)}
    )
    assert dict(found.kinds) == {"title": "text", "size": "vector", "cover": "image", "pulse": "series"}
    assert found.shapes["cover"] == ("image", (4, 5, 3))
    assert len(found) == 3
    assert not found.present


def test_grey_images_get_three_equal_colours():
    kind, images = read_pictures(GREY)
    assert kind == "image"
    for colour in range(3):
        np.testing.assert_array_equal(images[..., colour], GREY)


def test_what_is_lacking_is_told_by_none_by_nan_and_by_an_empty_text():
    found = Items.of(
        {
            "title": ["a", None, ""],
            "size": [[1.0, 2.0], [np.nan, np.nan], [3.0, 4.0]],
            "cover": [GREY[0], GREY[1], None],
        }
    )
    assert found.there("title").tolist() == [True, False, False]
    assert found.there("size").tolist() == [True, False, True]
    assert found.there("cover").tolist() == [True, True, False]
    assert found.values["size"][1].tolist() == [0, 0]
    assert not found.values["cover"][2].any()


def test_a_modality_that_is_not_given_later_is_lacking_in_all():
    fitted = Items.of({"title": ["a", "b"], "cover": GREY[:2]})
    later = Items.of({"title": ["c"]}, like=fitted.shapes)
    assert later.values["cover"].shape == (1, 4, 5, 3)
    assert later.there("cover").tolist() == [False]
    assert list(later.kinds) == list(fitted.kinds)


def test_other_modalities_or_shapes_than_the_fitted_ones_are_refused():
    fitted = Items.of({"title": ["a", "b"], "cover": GREY[:2]}).shapes
    with pytest.raises(DataError, match="'sound' was not there when the model was fitted; it knows title, cover"):
        Items.of({"sound": ["c"]}, like=fitted)
    with pytest.raises(DataError, match=r"'cover' is image of shape \(4, 4, 3\), and was image of shape \(4, 5, 3\)"):
        Items.of({"cover": GREY[:, :, :4]}, like=fitted)
    with pytest.raises(ShapeError, match="different numbers of items"):
        Items.of({"title": ["a"], "cover": GREY})


def test_a_sparse_modality_is_one_of_numbers():
    found = Items.of({"title": ["a", "b"], "words": sp.csr_array(np.eye(2))})
    assert found.kinds["words"] == "vector"
    assert sp.issparse(found.values["words"])
    assert not found.present


def test_rows_of_numbers_may_be_none():
    found = Items.of({"title": ["a", "b"], "size": [[1.0, 2.0], None]})
    assert found.there("size").tolist() == [True, False]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([[1.0, np.inf], [1.0, 2.0]], "cannot be read as numbers"),
        ([["x", "y"], ["z", "w"]], "cannot be read as numbers"),
        ([[1.0, 2.0], [1.0]], "cannot be read as numbers"),
        (np.array([[1j, 2], [3, 4]]), "cannot be read as numbers"),
        (None, "is None; give one value an item"),
        (3, "is 3; give one value an item"),
        ("one text", "expected a list of texts"),
    ],
)
def test_what_is_no_modality_is_said_with_its_name(values, says):
    with pytest.raises(DataError, match=f"modality 'size': {says}"):
        Items.of({"title": ["a", "b"], "size": values})


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_scattered_rows_stand_where_items_have_them(kind):
    there = np.array([False, True, True, False])
    rows = RNG.normal(size=(2, 3))
    found = scattered(kind(rows), there)
    found = found.toarray() if sp.issparse(found) else found
    np.testing.assert_array_equal(found[there], rows)
    assert not found[~there].any()


KINDS = {"title": "text", "cover": "image", "size": "vector"}


def test_encoders_named_for_all_go_to_the_modalities_they_read():
    found = list(encoders_of_modalities(["lexical", "cnn", VectorEncoder()], KINDS))
    assert [(m, e if isinstance(e, str) else e.family) for m, e in found] == [
        ("title", "lexical"),
        ("title", "cnn"),
        ("cover", "image-cnn"),
        ("size", "vectors"),
    ]


def test_encoders_named_by_modality_leave_the_rest_to_what_suits():
    found = list(encoders_of_modalities({"cover": "cnn", "title": ["lexical"]}, KINDS))
    assert found == [("title", "lexical"), ("cover", "image-cnn"), ("size", "vectors")]


def test_an_encoder_that_reads_nothing_of_it_is_refused():
    with pytest.raises(ParameterError, match=r"'lexical' reads none of the modalities: cover \(image\)"):
        list(encoders_of_modalities("lexical", {"cover": "image"}))
    with pytest.raises(ParameterError, match="names the modality 'sound'; items have title, cover, size"):
        list(encoders_of_modalities({"sound": "cnn"}, KINDS))
