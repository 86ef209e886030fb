"""The log is kept in English, whoever does something, and read in any language."""

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy, trans_real

from accounts.models import Scope
from audit.models import Entry
from audit.notes import translated_note
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loud_german(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have German be English in capitals."""
    gettext = trans_real.DjangoTranslation.gettext

    def shout(self: trans_real.DjangoTranslation, message: str) -> str:
        return message.upper() if self.language() == "de" else gettext(self, message)

    monkeypatch.setattr(trans_real.DjangoTranslation, "gettext", shout)


def test_what_is_lazy_is_kept_in_english():
    with translation.override("de"):
        assert str(Scope.READ.label) == "READ"
        entry = record(
            Action.CHANGED,
            Subject(Kind.TOKEN, 1, gettext_lazy("A token")),
            changes={"scope": (Scope.READ.label, Scope.WRITE.label)},
            note=gettext_lazy("By staff."),
        )
        assert translation.get_language() == "de"
    entry.refresh_from_db()
    assert (entry.label, entry.note) == ("A token", "By staff.")
    assert entry.changes == {"scope": ["Read", "Read and write"]}


def test_it_is_read_in_the_language_of_the_reader():
    entry = Entry(
        action=Action.CHANGED, kind=Kind.USER, label="An unknown name", note="By staff.", door="page"
    )
    named = Entry(action=Action.CHANGED, kind=Kind.USER, object_id="1", label="page")
    with translation.override("de"):
        assert entry.get_action_display() == "CHANGED"
        assert entry.name == "AN UNKNOWN NAME"
        assert translated_note(entry.note) == "BY STAFF."
        assert translated_note("") == ""
        assert named.name == "page"  # what somebody is called is no word of ours
