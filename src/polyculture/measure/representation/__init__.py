"""Whether models represent the same items alike."""
