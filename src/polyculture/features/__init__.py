"""Step 2: items to vectors, one graph over the items of all domains, and the shared network."""
