"""Charts as plain data: a Vega-Lite specification, what it says in words, and its numbers as a table."""
