"""The page of an error is in the language of whoever reads it, if that is possible at all."""

import pytest
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import trans_real

from contentgen.errors import server_error


def test_it_is_in_the_language_of_the_request(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch):
    gettext = trans_real.DjangoTranslation.gettext

    def shout(self: trans_real.DjangoTranslation, message: str) -> str:
        return message.upper() if self.language() == "de" else gettext(self, message)

    monkeypatch.setattr(trans_real.DjangoTranslation, "gettext", shout)
    with translation.override("de"):
        page = server_error(rf.get("/")).content.decode()
    assert "SOMETHING WENT WRONG" in page
    assert '<html lang="de">' in page
    assert "Something went wrong" in server_error(rf.get("/")).content.decode()


def test_it_is_english_where_translating_fails(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch):
    def fail(self: trans_real.DjangoTranslation, message: str) -> str:
        raise LookupError(message)

    monkeypatch.setattr(trans_real.DjangoTranslation, "gettext", fail)
    with translation.override("de"):
        response = server_error(rf.get("/"))
        assert translation.get_language() == "de"
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()
    assert '<html lang="en">' in response.content.decode()
