"""How sure a number is: intervals, nulls, many comparisons at once."""
