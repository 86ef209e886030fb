"""What is stored of a delivery is found again, and so can be shown in any language."""

import pytest
from django.utils import translation

from contentgen import stored_texts
from webhooks import problems

SENTENCES = [value for name, value in vars(problems).items() if name.isupper()]
_VALUES = dict.fromkeys(("address", "status", "seconds", "error", "days"), "7")


@pytest.fixture(autouse=True)
def marked(monkeypatch: pytest.MonkeyPatch):
    """Let German be English between «»."""
    monkeypatch.setattr(stored_texts, "gettext", lambda text: f"«{text}»" if text in SENTENCES else text)
    stored_texts._translate.cache_clear()
    with translation.override("de"):
        yield
    stored_texts._translate.cache_clear()


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_is_known(sentence: str):
    values = {**_VALUES, "sentence": problems.UNKNOWN_HOST}
    shown = {**_VALUES, "sentence": f"«{problems.UNKNOWN_HOST}»"}
    assert stored_texts.translated(sentence % values) == f"«{sentence}»" % shown


def test_the_last_failure_is_translated_within_the_reason():
    reason = problems.FAILED_FOR_DAYS % {"days": 5, "sentence": problems.REFUSED % {"status": 500}}
    assert stored_texts.translated(reason) == (
        "«It has failed for 5 days. The last time: «The receiver answered 500.»»"
    )
