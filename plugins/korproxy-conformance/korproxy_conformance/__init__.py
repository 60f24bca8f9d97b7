"""Does a gateway keep the formats? Every client format with every provider format, over real HTTP, byte by byte.

Nothing of KorProxy is imported here, and nothing of its mock: what is checked was written after the vendors' documents, so that
the one program cannot share the other's mistakes, and so that other gateways are measured alike.
"""
