"""Finding, loading and asking plugins: the only room that talks to pluggy. The rest uses ``asking``."""
