"""Whether models give the same answers, and fail on the same items."""
