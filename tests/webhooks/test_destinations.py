"""Which addresses can be entered: on the web, without credentials, and not plainly inside."""

import pytest
from django.core.exceptions import ValidationError

from webhooks.destinations import ForbiddenAddressError, check_address, validate_url


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org",
        " https://hooks.example.org:8443/a/b?c=d ",
        "https://münchen.example/x",
        "http://93.184.216.34/",
        "https://[2606:2800:220:1::1]:443/",
    ],
)
def test_those_on_the_internet_can(url: str):
    assert validate_url(url) == url.strip()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "such as"),
        ("hooks.example.org", "such as"),
        ("ftp://hooks.example.org/", "such as"),
        ("https://", "such as"),
        ("https://hooks.example.org:99999/", "such as"),
        ("https://hooks.example.org/\x00", "such as"),
        ("https://hooks.example.org/a b", "such as"),
        ("https://hooks.example.org\\@127.0.0.1/", "such as"),
        ("https://[::1", "such as"),
        ("https://hooks.example.org/" + "x" * 1000, "at most 1000"),
        ("https://user:secret@hooks.example.org/", "user name and password"),
        ("https://user@hooks.example.org/", "user name and password"),
        ("https://hooks.example.org/#part", "#"),
        ("https://hooks.example.org:25/", "port"),
        ("https://hooks.example.org:22/", "port"),
        ("http://localhost:8000/", "inside"),
        ("http://a.localhost/", "inside"),
        ("http://127.0.0.1:6379/", "inside"),
        ("https://10.0.0.1/", "inside"),
        ("https://[::1]/", "inside"),
        ("https://[::ffff:192.168.0.1]/", "inside"),
        ("http://169.254.169.254/latest/meta-data/", "inside"),
    ],
)
def test_others_cannot_and_a_sentence_says_why(url: str, reason: str):
    with pytest.raises(ValidationError) as refused:
        validate_url(url)
    assert reason in refused.value.messages[0]


def test_http_is_refused_where_the_setting_says_so(settings):
    settings.WEBHOOK_HTTP = False
    with pytest.raises(ValidationError, match="https"):
        validate_url("http://hooks.example.org/")


def test_private_addresses_are_allowed_by_a_setting_but_not_those_of_clouds(settings):
    settings.WEBHOOK_PRIVATE_ADDRESSES = True
    for address in ("10.0.0.1", "127.0.0.1", "fd00::1"):
        check_address(address)
    for address in ("169.254.169.254", "168.63.129.16", "fe80::1", "::ffff:169.254.169.254"):
        with pytest.raises(ForbiddenAddressError):
            check_address(address)


def test_a_network_that_is_named_is_allowed_however_it_is_written(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.0.0/16", "169.254.10.1/32"]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "169.254.10.1"):
        check_address(address)
    with pytest.raises(ForbiddenAddressError):
        check_address("10.2.0.1")
