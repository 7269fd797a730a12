"""Whether an encoder sees anything: a thing and one like it against the thing and another."""

from __future__ import annotations

import numpy as np

# thing, like it, another
MEANINGS = (
    ("the movie was wonderful", "a great film", "quarterly tax policy reform"),
    ("the battery died after a week", "it stopped charging within days", "the minister resigned on Monday"),
    ("a dull and boring comedy", "this film is tedious and not funny", "the phone fits in my pocket"),
    ("the court ruled against the law", "judges struck down the statute", "i love my new headphones"),
    ("happy birthday to my sister", "best wishes on your special day", "the camera takes blurry pictures"),
    ("a dog barked at the cat", "the puppy growled at a kitten", "interest rates rose last year"),
)
SPELLINGS = (
    ("natural", "naturael", "zebra"),
    ("the weather is lovely", "teh wether is lovley", "nobody knew his brother"),
    ("international", "internationally", "cupboard"),
    ("tomorrow", "tommorow", "purchased"),
    ("he recommended it", "he recomended it", "she was laughing"),
    ("SMALL RED CAR", "small red cars", "about forty birds"),
)
PICTURES = (
    ("1F34E", "1F34F", "1F687"),  # red apple, green apple, underground train
    ("1F600", "1F603", "1F3E0"),  # face, face, house
    ("1F697", "1F695", "1F951"),  # car, taxi, avocado
    ("1F431", "1F63A", "2708-FE0F"),  # cat, smiling cat, aeroplane
    ("1F550", "1F551", "1F41F"),  # one o'clock, two o'clock, fish
    ("1F4D7", "1F4D8", "1F9A9"),  # green book, blue book, flamingo
)
PROBES = {"meaning": MEANINGS, "spelling": SPELLINGS, "picture": PICTURES}


def verdict(triples: np.ndarray) -> str:
    """Mean cosines to the thing, and in how many triples the like one is nearer; from shape (triples, 3, d)."""
    unit = triples / np.linalg.norm(triples, axis=2, keepdims=True)
    cosines = np.einsum("nd,nkd->nk", unit[:, 0], unit[:, 1:])
    like, other = cosines.mean(axis=0)
    return f"like {like:+.2f}, other {other:+.2f}, {np.sum(cosines[:, 0] > cosines[:, 1])}/{len(cosines)} in order"
