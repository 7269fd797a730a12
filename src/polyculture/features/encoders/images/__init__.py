"""Encoders of images: networks trained from scratch, and frozen ones that somebody else trained, one family a file."""
