"""The catalogues are whole: what the sources have, all of it translated, and compiled."""

import re
from typing import Any

import pytest

from tests.translations import catalogues
from tests.translations.sources import DOMAINS

pytestmark = pytest.mark.parametrize(
    ("language", "domain"), [(language, domain) for language in catalogues.LANGUAGES for domain in DOMAINS]
)
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|%[sd]")
_LINK_TO = re.compile(r'href="[^"]*"')


def _messages(language: str, domain: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return each message as the forms of its source and those of its translation."""
    pairs = []
    for message in catalogues.read(language, domain):
        if message.id:
            pairs.append((_forms(message.id), _forms(message.string)))
    return pairs


def _forms(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_they_are_as_the_sources_are(language: str, domain: str):
    kept = catalogues.po_path(language, domain).read_bytes()
    assert catalogues.as_po(catalogues.updated(language, domain)) == kept, "Run: make messages"


def test_nothing_is_left_untranslated(language: str, domain: str):
    assert [
        message.id for message in catalogues.missing(catalogues.read(language, domain)) if message.id
    ] == []


def test_what_programs_read_is_what_people_edit(language: str, domain: str):
    compiled = catalogues.po_path(language, domain).with_suffix(".mo").read_bytes()
    assert compiled == catalogues.as_mo(catalogues.read(language, domain)), "Run: make messages"


def test_a_translation_has_the_placeholders_of_its_source(language: str, domain: str):
    wrong = []
    for source, translation in _messages(language, domain):
        wanted = sorted(set(_PLACEHOLDER.findall(source[-1])))
        # A form for one may leave out the number, and no other.
        for form in translation:
            found = sorted(set(_PLACEHOLDER.findall(form)))
            if found != wanted and not (len(translation) > 1 and set(found) <= set(wanted)):
                wrong.append((source[-1], form))
    assert wrong == []


def test_a_translation_has_the_tags_of_its_source(language: str, domain: str):
    tags = re.compile(r"</?\w+")
    wrong = [
        (source[-1], form)
        for source, translation in _messages(language, domain)
        for form in translation
        if sorted(tags.findall(form)) != sorted(tags.findall(source[-1]))
        or sorted(_LINK_TO.findall(form)) != sorted(_LINK_TO.findall(source[-1]))
    ]
    assert wrong == []


def test_a_translation_begins_and_ends_as_its_source(language: str, domain: str):
    wrong = [
        (source[0], form)
        for source, translation in _messages(language, domain)
        for form in translation
        if (form[:1].isspace(), form[-1:].isspace()) != (source[0][:1].isspace(), source[0][-1:].isspace())
    ]
    assert wrong == []
