"""``korproxy config``: all files of the configuration as one document, out and in, and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

import attrs
import click

from korproxy.api import Cli
from korproxy.builtin.commands.private_file import write_private
from korproxy.builtin.commands.steer.told import FAILED, finish, tell

NOT_WRITTEN = "KP-CONF-229"
LARGEST = 16 * 1024**2  # bytes of a file that is read


@click.group()
def config() -> None:
    """Export, import, migrate and validate the whole configuration.

    \b
    Examples:
      korproxy config export --output mine.json
      korproxy config import mine.json
      korproxy config validate
      korproxy config migrate
    """  # noqa: D301 -- click wants the character itself


@config.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to FILE instead of stdout."
)
@click.pass_obj
def export(cli: Cli, /, *, output: Path | None) -> None:
    """Print the whole configuration as JSON.

    That is korproxy.toml, accounts.toml and routing.toml in one document. Secrets are masked; references to them (env:NAME,
    file:PATH) are kept. It shows what is in use: for a damaged file, its last good version.

    \b
    Examples:
      korproxy config export
      korproxy config export --output mine.json
    """  # noqa: D301 -- click wants the character itself
    exported = cli.configuration.export()
    text = json.dumps(exported, indent=2, ensure_ascii=False)
    if output is None:
        cli.show(text, exported)
        return
    write_private(output, f"{text}\n", code=NOT_WRITTEN)
    cli.show(f"Wrote {output}; secrets in it are masked.", {"output": str(output)})


@config.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--merge", is_flag=True, help="Merge it into what is there instead of replacing that.")
@click.pass_obj
def import_(cli: Cli, /, *, file: IO[bytes], merge: bool) -> None:
    """Import an exported configuration.

    It replaces what is there. FILE is what `korproxy config export` wrote, or one of the three files; `-` reads stdin. Files
    that it does not contain stay as they are. A mask stands for the secret that is there now; if there is none, nothing is
    imported. Everything is checked first, and either all of it is written or nothing. The old files are kept.

    \b
    Examples:
      korproxy config import mine.json
      korproxy config import more.json --merge
      korproxy config import - < mine.json
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.restore(_read(file), path=_name(file), merge=merge)
    files = ", ".join(Path(each).name for each in done.files)
    finish(cli, done, f"Imported: {files} in {cli.home}.", "Nothing to import: it is all there already.")


@config.command()
@click.option("--settings", is_flag=True, help="Also rewrite korproxy.toml: its comments are then only in the old file.")
@click.pass_obj
def migrate(cli: Cli, /, *, settings: bool) -> None:
    """Rewrite files of an older version in the current one.

    Older files work as they are, so this is never needed. A rewritten file means the same; the old one is kept beside it.

    \b
    Examples:
      korproxy config migrate
      korproxy config migrate --settings
    """  # noqa: D301 -- click wants the character itself
    done = cli.configuration.migrate(settings=settings)
    files = ", ".join(Path(each).name for each in done.files)
    finish(cli, done, f"Rewritten: {files} in {cli.home}.", "There was nothing to rewrite.")


@config.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.pass_obj
def validate(cli: Cli, /, *, file: IO[bytes] | None) -> None:
    """Check whether a configuration is valid.

    Without FILE, this checks the configuration in the home. FILE is what `korproxy config export` wrote, or one of the three
    files by its name (any other TOML is read as a korproxy.toml); `-` reads stdin. Every mistake gets a line with its code
    and place. Secrets are not looked up; `korproxy check` does that, too. Exit code 0 if all is valid, 1 if not.

    \b
    Examples:
      korproxy config validate
      korproxy config validate mine.json
      korproxy config validate ./korproxy.toml --json
    """  # noqa: D301 -- click wants the character itself
    what = f"The configuration in {cli.home}" if file is None else _name(file)
    found = cli.configuration.problems() if file is None else cli.configuration.problems(_read(file), path=_name(file))
    count = f"{len(found)} {'mistake' if len(found) == 1 else 'mistakes'} found."
    data = {"ok": not found, "problems": [attrs.asdict(each) for each in found]}
    cli.show(f"{what} is right." if not found else count, data)
    if found:
        tell(found, word="error", color="red")
        raise SystemExit(FAILED)


def _name(file: IO[bytes]) -> str:
    name = str(getattr(file, "name", "-"))
    return "stdin" if name in ("<stdin>", "-") else name


def _read(file: IO[bytes]) -> bytes:
    try:
        raw = file.read(LARGEST + 1)
    except OSError as exc:
        raise click.UsageError(f"{_name(file)} cannot be read: {exc.strerror}.") from None
    if len(raw) > LARGEST:
        raise click.UsageError(f"{_name(file)} is not a configuration: it has more than {LARGEST // 1024**2} MiB.")
    return raw
