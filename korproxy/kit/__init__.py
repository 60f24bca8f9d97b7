"""Ready-made bases for plugin authors. Pure; everything useful is exported by ``korproxy.api``."""
