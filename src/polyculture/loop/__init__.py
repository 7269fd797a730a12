"""Measure, remedy, measure again: the whole loop on one dataset."""

from polyculture.loop.entry import ENCODERS, QUESTIONS, close_the_loop

__all__ = ["ENCODERS", "QUESTIONS", "close_the_loop"]
