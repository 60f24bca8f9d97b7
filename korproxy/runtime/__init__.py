"""The composition root: what lives in what, and who dies with whom."""
