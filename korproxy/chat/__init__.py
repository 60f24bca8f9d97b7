"""The neutral conversation: what every format can be read into and written from. Pure; imports only errors and models.

``conversation`` is a request, ``answer`` a whole answer or an error, ``events`` a streamed answer; ``parts`` is what turns and
answers are made of. ``report`` says what became of each thing in a request. The rest are crossings that several writers need:
``calls``, ``arguments``, ``pairs``, ``sequence``, ``thinking``, ``tools``, ``searching``, ``citing``, ``media``, ``fields``;
``guard`` holds streams to the rules, ``memory`` keeps what clients do not send back. ``embedding`` is about vectors, and stands
beside all of it. A new format adds readers and writers of its own, and changes nothing here.
"""

import typing

if typing.TYPE_CHECKING:
    from korproxy.chat.everything import *  # noqa: F403 -- one list of names, there
else:
    from korproxy.chat.on_demand import find as __getattr__  # noqa: F401 -- Python itself calls it
