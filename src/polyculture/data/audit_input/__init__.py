"""What an audit reads: answers, detections, embeddings and files of weights, with every decision counted."""

from __future__ import annotations

from polyculture.data.audit_input.answers import read_answers
from polyculture.data.audit_input.detect import detect_kind
from polyculture.data.audit_input.detections import read_detections
from polyculture.data.audit_input.embeddings import read_embeddings
from polyculture.data.audit_input.memory import answers_from
from polyculture.data.audit_input.model_files import read_model_files

__all__ = ["answers_from", "detect_kind", "read_answers", "read_detections", "read_embeddings", "read_model_files"]
