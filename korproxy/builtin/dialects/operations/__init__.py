"""What calls that are no conversation have in common, whichever vendor's they are: counts, vectors, completions."""
