"""No text that people see escapes translation."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.translations import escaped
from tests.translations.sources import modules_of_pages, templates


def _escaped(find: Callable[[Path], list[str]], paths: Iterable[Path]) -> dict[str, list[str]]:
    return {escaped.name_of(path): found for path in paths if (found := find(path))}


def test_templates_mark_their_texts():
    assert _escaped(escaped.in_template, templates()) == {}


def test_modules_mark_their_texts():
    assert _escaped(escaped.in_module, modules_of_pages()) == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Delete it</p>", ["Delete it"]),
        ('<p title="Delete it">{% translate "Delete it" %}</p>', ["Delete it"]),
        ("<p>{% blocktranslate %}Delete it{% endblocktranslate %}</p>", []),
        ("{% blocktranslate count n=n %}One video{% plural %}{{ n }} videos{% endblocktranslate %}", []),
        ("{{ n }} video{{ n|pluralize }}", ["video", "|pluralize"]),
        ('{{ name|default:"Nobody knows" }}', ["Nobody knows"]),
        ('{{ name|default:_("Nobody knows") }}', []),
        ('{% include "x.html" with label="Not now" %}', ["Not now"]),
        ('<a href="{% url \'videos:studio\' %}" data-when="later">{% icon "close" %}</a>', []),
        ('<button data-confirm="Delete it?"></button>', ["Delete it?"]),
        ("<script>let word = 'Delete it';</script><code>make run</code>", []),
        ("{# Delete it #}<p>2 {{ n }}</p>", []),
    ],
)
def test_what_escapes_a_template_is_found(source: str, found: list[str], tmp_path: Path):
    path = tmp_path / "page.html"
    path.write_text(source)
    assert escaped.in_template(path) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('label = "Delete it"', ["Delete it"]),
        ('label = _("Delete it")', []),
        ('label = gettext("Delete %(name)s") % {"name": name}', []),
        ('text = f"{count} videos moved."', [" videos moved."]),
        ('def delete():\n    """Delete it."""\n    logger.info("It was deleted")', []),
        ('raise ValueError("No such thing")', []),
        ('raise ValidationError("No such thing")', ["No such thing"]),
        ('query = "SELECT id FROM videos"', []),
        ('def of(link: "Link to it") -> "Some thing": ...', []),
        ('__all__ = ["Video"]\nclass Rows(Manager["Video"]): ...', []),
        ('made_in = models.ForeignKey("Collection", help_text="Where it was made")', ["Where it was made"]),
    ],
)
def test_what_escapes_a_module_is_found(source: str, found: list[str], tmp_path: Path):
    path = tmp_path / "module.py"
    path.write_text(source)
    assert escaped.in_module(path) == found
