"""What secrets look like: one shape for each kind that KorProxy meets. Everything secret in them is made up anew each time."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Iterable

import attrs

LETTERS: dict[str, str] = {
    "": string.ascii_letters + string.digits,
    "x": "0123456789abcdef",
    "u": string.ascii_uppercase + string.digits,
    "l": string.ascii_lowercase,
}
_GAP = re.compile(r"\{(\d+)([xul]?)\}")

Draw = Callable[[str, int], str]


def made_up(alphabet: str, length: int) -> str:
    """Return *length* random characters of *alphabet*."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


@attrs.frozen(kw_only=True)
class Secret:
    """One made-up secret.

    Attributes:
        text: As it stands in a text, with what tells people that it is one.
        hidden: The parts of it that nobody may learn. The rest is the same in everybody's.
    """

    text: str
    hidden: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Shape:
    """A kind of secret.

    Attributes:
        form: How it is written. ``{40}`` stands for 40 letters and digits, ``{32x}`` for hexadecimal ones, ``{16u}`` for large
            ones, ``{14l}`` for small letters.
    """

    name: str
    form: str

    def make(self, draw: Draw = made_up) -> Secret:
        """Return a new secret of this shape; *draw* makes up so many characters of an alphabet."""
        hidden: list[str] = []

        def fill(gap: re.Match[str]) -> str:
            hidden.append(draw(LETTERS[gap[2]], int(gap[1])))
            return hidden[-1]

        return Secret(text=_GAP.sub(fill, self.form), hidden=tuple(hidden))


_FORMS = (
    # keys and tokens of vendors, as they write them
    ("anthropic-key", "sk-ant-api03-{86}_AA"),
    ("openai-key", "sk-proj-{74}"),
    ("openai-session", "sess-{40}"),
    ("gemini-key", "AIza{35}"),
    ("google-access-token", "ya29.{80}"),
    ("google-refresh-token", "1//0{60}"),
    ("google-client-secret", "GOCSPX-{28}"),
    ("openrouter-key", "sk-or-v1-{64x}"),
    ("qwen-key", "sk-{32x}"),
    ("groq-key", "gsk_{52}"),
    ("xai-key", "xai-{80}"),
    ("hugging-face-token", "hf_{34}"),
    ("perplexity-key", "pplx-{48}"),
    ("nvidia-key", "nvapi-{64}"),
    ("github-token", "ghp_{36}"),
    ("aws-key", "AKIA{16u}"),
    ("korproxy-key", "kp-client-{43}"),
    # what is a secret by where it stands
    ("bearer-token", "Authorization: Bearer {40}"),
    ("basic-credential", "Authorization: Basic {40}"),
    ("json-web-token", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOi{40}.{43}"),
    ("cookie", "Cookie: session={40}"),
    ("key-in-address", "https://api.example/v1/models?key={39}&alt=sse"),
    ("password-in-address", "https://planted:{24}@api.example/v1"),
    ("private-key", "-----BEGIN PRIVATE KEY-----\n{64}\n{64}\n{40}\n-----END PRIVATE KEY-----"),
    ("password-field", '"password": "{24}"'),
    ("client-secret-field", "client_secret={36}"),
    ("azure-key", "api-key: {32x}"),
    ("environment-variable", "MISTRAL_API_KEY={32}"),
    # about the user
    ("home-path", "/home/{14l}/papers/notes.txt"),
    ("mail-address", "{14l}@example.com"),
)
SHAPES: tuple[Shape, ...] = tuple(Shape(name=name, form=form) for name, form in _FORMS)
CONFIGURED = Shape(name="configured-key", form="{48}")  # nothing tells that it is a secret, but that it was configured as one


def named(names: Iterable[str]) -> tuple[Shape, ...]:
    """Return the shapes with these names."""
    wanted = set(names)
    return tuple(each for each in SHAPES if each.name in wanted)
