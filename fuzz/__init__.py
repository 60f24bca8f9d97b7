"""Time-boxed search for inputs that break a law: ``python -m fuzz --seconds 60``. See fuzz/README.md."""
