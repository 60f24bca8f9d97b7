"""The commands of ``steering``, a module each, and what they have in common."""
