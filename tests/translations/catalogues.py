"""The catalogues in the repository: read, brought up to date, written and compiled."""

from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tests.translations.sources import LOCALE, template_catalogue

LANGUAGES = ("de",)


def po_path(language: str, domain: str) -> Path:
    """Return where the catalogue is that people edit."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def read(language: str, domain: str) -> Catalog:
    """Return a catalogue as it is; an empty one where there is none."""
    path = po_path(language, domain)
    if not path.exists():
        return _empty(language, domain)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain)


def updated(language: str, domain: str) -> Catalog:
    """Return the catalogue with exactly the messages of the sources: new ones have no translation."""
    catalogue = read(language, domain)
    found = template_catalogue(domain)
    found.creation_date = catalogue.creation_date  # or each reading would be a change
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def add(catalogue: Catalog, translations: Catalog) -> list[str]:
    """Take over the translations of messages that the catalogue has. Returns the other ones."""
    unknown = []
    for message in translations:
        if not message.id or not message.string or not any(_forms(message.string)):
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        known = catalogue.get(key, message.context)
        if known is None:
            unknown.append(key)
        elif isinstance(known.string, tuple) == isinstance(message.string, tuple):
            known.string = message.string
    return unknown


def missing(catalogue: Catalog) -> Catalog:
    """Return those messages of a catalogue that have no translation, or not all of its plurals."""
    found = _empty(str(catalogue.locale), str(catalogue.domain))
    for message in catalogue:
        if message.id and not all(_forms(message.string)):
            found.add(message.id, locations=message.locations, context=message.context)
    return found


def as_po(catalogue: Catalog) -> bytes:
    """Return a catalogue as the text that people edit, in the order of its sources."""
    text = BytesIO()
    write_po(text, catalogue, width=110, include_lineno=False, sort_by_file=True)
    return text.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """Return a catalogue as programs read it."""
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()


def write(language: str, catalogue: Catalog) -> None:
    """Write a catalogue in both forms."""
    path = po_path(language, str(catalogue.domain))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_po(catalogue))
    path.with_suffix(".mo").write_bytes(as_mo(catalogue))


def _empty(language: str, domain: str) -> Catalog:
    about = "# Texts of ContentGen. Edit the translations; `make messages` does the rest."
    return Catalog(language, domain, about, project="ContentGen", charset="utf-8", fuzzy=False)


def _forms(string: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return a translation's forms, as many as the language has plurals; an empty one if there is none."""
    return tuple(string) if isinstance(string, (tuple, list)) else (string or "",)
