"""The canary: secrets that are made up are planted in a KorProxy of its own, and looked for in all that it writes and shows.

``shapes`` and ``encodings`` say what is planted, ``places`` where. ``house`` is the home of that KorProxy, ``upstream`` the
provider behind it, ``clients`` those who ask, ``gathering`` takes in what it has written; ``scanning`` looks through that, and
``happening`` is all that comes before that in its order, ``proof`` the whole.
"""
