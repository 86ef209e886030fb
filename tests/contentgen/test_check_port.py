"""Whether the web server could listen where the settings want it."""

import socket

import pytest

from contentgen.run.embedded import check_port
from contentgen.run.state import StartError

EVERYWHERE = "0.0.0.0"  # noqa: S104  # for a moment, and nothing is served


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("host", ["127.0.0.1", EVERYWHERE, "localhost"])
def test_it_accepts_a_free_port(host):
    check_port(host, _free_port())


@pytest.mark.parametrize(("listening", "host"), [("127.0.0.1", EVERYWHERE), (EVERYWHERE, "127.0.0.1")])
def test_it_names_the_setting_when_the_port_is_taken(listening, host):
    with socket.create_server((listening, 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(
            StartError, match=f"port {port} is taken by another program; set PORT to a free one"
        ):
            check_port(host, port)


def test_it_says_that_the_address_is_another_machines():
    # 192.0.2.0/24 is set aside for documentation: no machine has it.
    with pytest.raises(StartError, match=r"BIND=192\.0\.2\.1 is not an address of this machine"):
        check_port("192.0.2.1", _free_port())
