"""Encoders: items to vectors, one family a file."""

from __future__ import annotations

from polyculture.errors import ParameterError
from polyculture.features.encoders.base import Encoder
from polyculture.registry import Part, Registry

__all__ = ["ENCODERS", "Encoder", "make_encoder"]

_HERE = "polyculture.features.encoders"

ENCODERS = Registry(
    "encoder",
    {
        "cnn": Part(
            f"{_HERE}.cnn:CNNEncoder", "convolutions, pooled; pool max or mean", "Kim 2014, arXiv:1408.5882", "train"
        ),
        "rnn": Part(
            f"{_HERE}.rnn:RNNEncoder",
            "recurrence; cell gru, lstm, relu or tanh",
            "Cho et al. 2014, arXiv:1406.1078",
            "train",
        ),
        "transformer": Part(
            f"{_HERE}.transformer:TransformerEncoder",
            "multi-head self-attention",
            "Vaswani et al. 2017, arXiv:1706.03762",
            "train",
        ),
        "lexical": Part(
            f"{_HERE}.lexical:LexicalEncoder", "word and character n-grams, sparse", "Salton & Buckley 1988"
        ),
        "vectors": Part(f"{_HERE}.vectors:VectorEncoder", "numbers as they are, columns on one scale"),
        "series-cnn": Part(
            f"{_HERE}.series.cnn:SeriesCNNEncoder",
            "residual convolutions over series",
            "Wang et al. 2017, arXiv:1611.06455",
            "train",
        ),
        "series-rnn": Part(
            f"{_HERE}.series.rnn:SeriesRNNEncoder",
            "recurrence over series, both ways; cell gru or lstm",
            "Cho et al. 2014, arXiv:1406.1078",
            "train",
        ),
        "pretrained": Part(
            f"{_HERE}.pretrained:PretrainedEncoder",
            "a frozen base model; model minilm, wordllama or a folder",
            "Reimers & Gurevych 2019, arXiv:1908.10084",
            "pretrained",
        ),
        "image-cnn": Part(
            f"{_HERE}.images.cnn:ImageCNNEncoder",
            "images: a small residual network",
            "He et al. 2016, arXiv:1512.03385",
            "train",
        ),
        "image-rnn": Part(
            f"{_HERE}.images.rnn:ImageRNNEncoder",
            "images: recurrence over rows and columns; cell gru or lstm",
            "Visin et al. 2015, arXiv:1505.00393",
            "train",
        ),
        "image-transformer": Part(
            f"{_HERE}.images.transformer:ImageTransformerEncoder",
            "images: self-attention over patches",
            "Dosovitskiy et al. 2021, arXiv:2010.11929",
            "train",
        ),
        "image-pretrained": Part(
            f"{_HERE}.images.pretrained:PretrainedImageEncoder",
            "a frozen base model of images; model squeezenet, efficientnet-lite0 or an ONNX file",
            "Iandola et al. 2016, arXiv:1602.07360",
            "train",
        ),
    },
)


def make_encoder(name: str | Encoder) -> Encoder:
    """An encoder by name, ``"family"`` or ``"family:choice"``; an encoder is given back as it is.

    Examples
    --------
    >>> from polyculture.features.encoders import make_encoder
    >>> make_encoder("lexical")
    LexicalEncoder()

    >>> make_encoder("lexikal")
    Traceback (most recent call last):
    ...
    polyculture.errors.ParameterError: there is no encoder named 'lexikal'; did you mean lexical?
    """
    if isinstance(name, Encoder):
        return name
    family, _, choice = str(name).partition(":")
    kind = ENCODERS.load(family)
    if not choice:
        encoder: Encoder = kind()
        return encoder
    if not kind.first:
        raise ParameterError(f"the encoder {family!r} takes nothing after a colon, {name!r} was given")
    chosen: Encoder = kind(**{kind.first: choice})
    return chosen
