"""How the settings of webhooks are read: what makes no sense is refused with a sentence."""

import pytest

from contentgen.env import networks, whole_numbers


def test_networks_and_single_addresses():
    assert networks("10.1.0.0/16, fd00:1::/64,192.168.1.5") == [
        "10.1.0.0/16",
        "fd00:1::/64",
        "192.168.1.5/32",
    ]


@pytest.mark.parametrize("text", ["10.1.0.1/16", "hooks.example.org", "10.1.0.0/99"])
def test_what_is_no_network(text: str):
    with pytest.raises(ValueError, match="networks such as"):
        networks(text)


def test_distances():
    assert whole_numbers("5, 300,1800") == [5, 300, 1800]


@pytest.mark.parametrize("text", ["", "0", "5,,6", "-1", "1.5", "five", "5;6", "9" * 30])
def test_what_is_no_distance(text: str):
    with pytest.raises(ValueError, match="whole numbers"):
        whole_numbers(text)
