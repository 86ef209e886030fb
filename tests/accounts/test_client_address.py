"""A client's address is the forwarded one as far as TRUST_PROXY says, and never what the client wrote."""

import pytest
from django.test import RequestFactory

from accounts.client_address import UNKNOWN, client_address, client_network

PROXY = "10.0.0.9"


def _address(settings, count: int, forwarded: str | None, peer: str = PROXY) -> str:
    settings.TRUST_PROXY = count
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))


@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, None, PROXY),
        (0, "1.1.1.1", PROXY),
        (0, "1.1.1.1, 2.2.2.2", PROXY),
        (1, None, PROXY),
        (1, "2.2.2.2", "2.2.2.2"),
        (1, "1.1.1.1, 2.2.2.2", "2.2.2.2"),
        (1, "1.1.1.1,1.1.1.1 , 2.2.2.2 ", "2.2.2.2"),
        (2, "2.2.2.2", PROXY),
        (2, "2.2.2.2, 10.0.0.8", "2.2.2.2"),
        (2, "1.1.1.1, 2.2.2.2, 10.0.0.8", "2.2.2.2"),
    ],
)
def test_only_what_our_proxies_wrote_counts(settings, count: int, forwarded: str | None, address: str):
    assert _address(settings, count, forwarded) == address


@pytest.mark.parametrize(
    "forwarded", ["", " ", ",", "unknown", "_hidden", "1.1.1.1,", "1.1.1.1, x", "'; --", "1.1.1", "a" * 9000]
)
@pytest.mark.parametrize("count", [1, 2])
def test_what_is_no_address_is_the_callers_own(settings, count: int, forwarded: str):
    if count == 2 and forwarded in ("1.1.1.1,", "1.1.1.1, x"):
        assert _address(settings, count, forwarded) == "1.1.1.1"
    else:
        assert _address(settings, count, forwarded) == PROXY


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("2.2.2.2:51234", "2.2.2.2"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:2.2.2.2", "2.2.2.2"),
    ],
)
def test_an_address_has_one_form(settings, written: str, address: str):
    assert _address(settings, 1, written) == address
    assert _address(settings, 0, None, peer=written) == address


def test_a_unix_socket_has_no_address(settings):
    assert _address(settings, 0, None, peer="") == UNKNOWN


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("2.2.2.2", "2.2.2.3", False),
    ],
)
def test_a_household_is_one_network(settings, one: str, other: str, is_same: bool):
    settings.TRUST_PROXY = 0
    networks = {client_network(RequestFactory().get("/", REMOTE_ADDR=each)) for each in (one, other)}

    assert (len(networks) == 1) is is_same
