"""Encoders of series: numbers over time, in one channel or several."""
