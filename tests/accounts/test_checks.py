"""What is misconfigured about letting people in is said by `check`, with what to do."""

import pytest

from accounts import checks


def _ids(found) -> list[str]:
    assert all(each.hint for each in found)
    return [each.id for each in found]


def _set(settings, **values) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({"PRODUCTION": False}, []),
        ({"PRODUCTION": True}, ["accounts.W001"]),
        ({"PRODUCTION": True, "EMAIL_FILE_PATH": "/mails"}, []),
        ({"EMAIL_HOST": "mail.example.org"}, ["accounts.E001"]),
        ({"EMAIL_HOST": "mail.example.org", "DEFAULT_FROM_EMAIL": "studio@example.org"}, []),
    ],
)
def test_mail_that_reaches_nobody(settings, values, ids: list[str]):
    _set(settings, **values)
    assert _ids(checks.check_mail(None)) == ids


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({}, []),
        ({"SIGNUP_EMAIL_DOMAINS": ["example.org"]}, []),
        ({"SIGNUP_EMAIL_DOMAINS": ["example.org"], "PRODUCTION": True}, ["accounts.W002"]),
        ({"OIDC_SIGNUP": "domains"}, ["accounts.W003"]),
        ({"OIDC_SIGNUP": "domains", "SIGNUP_EMAIL_DOMAINS": ["example.org"]}, []),
    ],
)
def test_joining_that_cannot_be(settings, values, ids: list[str]):
    _set(settings, **values)
    assert _ids(checks.check_joining(None)) == ids


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({}, []),
        ({"OIDC_ISSUER": "https://sso.example.org"}, ["accounts.E002"]),
        ({"OIDC_CLIENT_ID": "studio"}, ["accounts.E002"]),
        ({"OIDC_ISSUER": "http://sso", "OIDC_CLIENT_ID": "studio", "OIDC_ENABLED": True}, []),
        (
            {"OIDC_ISSUER": "http://sso", "OIDC_CLIENT_ID": "x", "OIDC_ENABLED": True, "PRODUCTION": True},
            ["accounts.E003"],
        ),
    ],
)
def test_half_a_provider(settings, values, ids: list[str]):
    _set(settings, **values)
    assert _ids(checks.check_provider(None)) == ids
