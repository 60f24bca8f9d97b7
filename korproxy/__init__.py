"""KorProxy: one local endpoint for every AI provider.

The package is built in layers; a layer imports only what stands to its left::

    spared -> errors -> models -> net -> chat -> contracts -> hookspecs -> kit -> api
           -> { config | plugins | store | gateway } -> server -> runtime -> cli

``config``, ``plugins``, ``store`` and ``gateway`` never import each other; ``runtime.compose`` introduces them.
``builtin`` and everything in the top-level ``plugins/`` folder import only ``korproxy.api``, and nobody imports ``builtin``:
it is found by name, like any other plugin. ``tests/test_layers.py`` holds the same table and walks the imports.
"""
