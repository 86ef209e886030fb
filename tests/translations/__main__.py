"""`python -m tests.translations`, or `make messages`: bring the catalogues up to date with their sources.

    python -m tests.translations [--add FILE …] [--missing [PATH …]]

Without options it reads all sources, adds and removes messages in each `.po`, and compiles the `.mo` files.
With `--add` it takes over the translations of PO files as well, and names those that no source has. With
`--missing` it writes nothing, and prints as a PO file what has no translation yet, of the sources at or below
the paths alone if any are given.
"""

import argparse
import sys
from pathlib import Path

from babel.messages.pofile import read_po

from tests.translations.catalogues import LANGUAGES, add, as_po, missing, updated, write
from tests.translations.sources import DOMAINS, template_catalogue


def main(arguments: list[str]) -> int:
    """Run the command with these arguments, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.translations")
    parser.add_argument("--add", type=Path, nargs="+", default=[], metavar="FILE")
    parser.add_argument("--missing", type=Path, nargs="*", metavar="PATH")
    options = parser.parse_args(arguments)
    if options.missing is not None:
        _print_missing(options.missing)
        return 0
    for language in LANGUAGES:
        _update(language, options.add)
    return 0


def _update(language: str, files: list[Path]) -> None:
    unknown: dict[str, set[str]] = {}
    for domain in DOMAINS:
        catalogue = updated(language, domain)
        for path in files:
            with path.open("rb") as file:
                found = add(catalogue, read_po(file, locale=language))
            unknown[path.name] = unknown.get(path.name, set(found)) & set(found)
        write(language, catalogue)
        _tell(f"{language}, {domain}: {len(catalogue)} messages, {len(missing(catalogue))} not translated")
    for name, messages in unknown.items():
        for message in sorted(messages):
            _tell(f"{name}: no source has {message!r}")


def _print_missing(paths: list[Path]) -> None:
    for language in LANGUAGES:
        for domain in DOMAINS:
            catalogue = missing(updated(language, domain))
            wanted = template_catalogue(domain, paths)
            for message in list(catalogue):
                key = message.id if isinstance(message.id, str) else message.id[0]
                if key and wanted.get(key, message.context) is None:
                    catalogue.delete(key, message.context)
            if len(catalogue):
                sys.stdout.write(as_po(catalogue).decode())


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
