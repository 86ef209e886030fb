"""Where a backend may send us: what it names is judged by the address that the connection has reached."""

from collections.abc import Callable

import anyio
import pytest

from contentgen.ip_addresses import Reach, reach_of
from tests.backends.conftest import KEY
from tests.backends.server import Server, reply
from videos.backends import BackendError, Client, Connection, RefusedError, UnavailableError, address_guard
from videos.backends.client import probe

Serve = Callable[..., Server]

VIDEO = b"\x00\x00\x00\x18ftypisom" + bytes(2000)
SECRET = b"the keys of this machine"


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("93.184.215.14", Reach.PUBLIC),
        ("2606:2800:21f::1", Reach.PUBLIC),
        ("10.0.0.1", Reach.PRIVATE),
        ("172.16.0.1", Reach.PRIVATE),
        ("192.168.1.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),  # a carrier's NAT; Alibaba's metadata are at 100.100.100.200
        ("198.18.0.1", Reach.PRIVATE),
        ("240.0.0.1", Reach.PRIVATE),
        ("224.0.0.1", Reach.PRIVATE),
        ("255.255.255.255", Reach.PRIVATE),
        ("fd00:ec2::254", Reach.PRIVATE),
        ("fec0::1", Reach.PRIVATE),
        ("ff02::1", Reach.PRIVATE),
        ("127.0.0.1", Reach.LOOPBACK),
        ("127.8.8.8", Reach.LOOPBACK),
        ("0.0.0.0", Reach.LOOPBACK),  # noqa: S104
        ("::", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("169.254.169.254", Reach.LINK_LOCAL),
        ("168.63.129.16", Reach.LINK_LOCAL),
        ("fe80::1%eth0", Reach.LINK_LOCAL),
        ("::ffff:127.0.0.1", Reach.LOOPBACK),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("::ffff:169.254.169.254", Reach.LINK_LOCAL),
        ("::ffff:93.184.215.14", Reach.PUBLIC),
        ("::7f00:1", Reach.LOOPBACK),
        ("64:ff9b::7f00:1", Reach.LOOPBACK),
        ("64:ff9b::a00:1", Reach.PRIVATE),
        ("64:ff9b::a9fe:a9fe", Reach.LINK_LOCAL),
        ("64:ff9b::5db8:d70e", Reach.PUBLIC),
        ("64:ff9b:1::5db8:d70e", Reach.PRIVATE),
        ("2002:7f00:1::1", Reach.LOOPBACK),
        ("2002:a00:1::1", Reach.PRIVATE),
    ],
)
def test_it_knows_from_where_an_address_can_be_reached(address: str, reach: Reach) -> None:
    assert reach_of(address) == reach


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine's first address for one on the internet; its others stay what they are."""
    real = reach_of
    monkeypatch.setattr(
        address_guard,
        "reach_of",
        lambda address: Reach.PUBLIC if address == "127.0.0.1" else real(address),
    )


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names stand for; where there are several addresses, each look-up finds the next."""
    known: dict[str, list[str]] = {}
    real_connect, real_lookup = anyio.connect_tcp, anyio.getaddrinfo

    def address_of(host: str) -> str:
        found = known.get(host)
        if found is None:
            return host
        return found.pop(0) if len(found) > 1 else found[0]

    async def connect(remote_host: str, remote_port: int, **options: object) -> object:
        return await real_connect(address_of(remote_host), remote_port, **options)  # type: ignore[call-overload]

    async def look_up(host: str, port: object, **options: object) -> object:
        return await real_lookup(address_of(host), port, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(anyio, "connect_tcp", connect)
    monkeypatch.setattr(anyio, "getaddrinfo", look_up)
    return known


def _client(address: str, *, in_private_network: bool | None = None) -> Client:
    return Client(
        Connection(address, KEY, timeout=10, connect_timeout=5, in_private_network=in_private_network)
    )


def _error(client: Client, url: str | None = None) -> BackendError:
    with client, pytest.raises(BackendError) as caught, client.download("video_1", url):
        pytest.fail("handed out a file")
    return caught.value


def _port(server: Server) -> str:
    return server.url.rpartition(":")[2].partition("/")[0]


INSIDE = ("127.0.0.2", "[::ffff:127.0.0.2]", "localhost.test")


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("host", INSIDE)
def test_a_public_backend_cannot_redirect_its_content_inside(
    serve: Serve, names: dict[str, list[str]], host: str
) -> None:
    names["localhost.test"] = ["127.0.0.2"]
    inside = serve(reply(200, SECRET))
    backend = serve(reply(302, b"", location=f"http://{host}:{_port(inside)}/keys"))

    error = _error(_client(backend.url))

    assert (type(error), error.code) == (RefusedError, "bad_redirect")
    assert inside.requests == []
    assert SECRET.decode() not in error.detail


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("host", INSIDE)
def test_a_job_of_a_public_backend_cannot_name_a_file_inside(
    serve: Serve, names: dict[str, list[str]], host: str
) -> None:
    names["localhost.test"] = ["127.0.0.2"]
    inside = serve(reply(200, VIDEO))
    backend = serve(reply(404, b""))

    error = _error(_client(backend.url), f"http://{host}:{_port(inside)}/keys")

    assert (type(error), error.code) == (RefusedError, "bad_redirect")
    assert inside.requests == []


@pytest.mark.usefixtures("public")
def test_a_name_that_moves_inside_between_two_lookups_is_caught_by_its_address(
    serve: Serve, names: dict[str, list[str]]
) -> None:
    """DNS rebinding: public when somebody looks, private when the connection is made."""
    inside = serve(reply(200, SECRET))
    names["files.test"] = ["127.0.0.1", "127.0.0.2"]
    link = f"http://files.test:{_port(inside)}/keys"
    backend = serve(reply(404, b""))
    with _client(backend.url) as client, pytest.raises(BackendError), client.download("video_1", link):
        pass  # the first time it is public, and what comes is no video
    seen = len(inside.requests)

    error = _error(_client(backend.url), link)

    assert (type(error), error.code) == (RefusedError, "bad_redirect")
    assert len(inside.requests) == seen


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("known", [None, False])
def test_a_public_backend_that_moves_inside_itself_is_sent_nothing_there(
    serve: Serve, names: dict[str, list[str]], known: bool | None
) -> None:
    backend = serve(reply(302, b"", location="/again", connection="close"))
    names["videos.test"] = ["127.0.0.1", "127.0.0.2"]

    error = _error(_client(f"http://videos.test:{_port(backend)}/v1", in_private_network=known))

    assert (type(error), error.code) == (UnavailableError, "unreachable")
    assert "127.0.0.2" in error.detail
    assert {request.headers["host"] for request in backend.requests} == {f"videos.test:{_port(backend)}"}
    assert [request.target for request in backend.requests] == ["/v1/videos/video_1/content"]


def test_a_backend_that_is_known_to_be_public_is_not_followed_inside(serve: Serve) -> None:
    backend = serve(reply(200, {"id": "video_1", "status": "queued"}))

    with _client(backend.url, in_private_network=False) as client, pytest.raises(UnavailableError) as caught:
        client.create(prompt="A fox", model="sora-2", seconds=4, size="1280x720")

    assert caught.value.code == "unreachable"
    assert backend.requests == []


def test_a_backend_on_this_machine_names_others_on_it(serve: Serve) -> None:
    storage = serve(reply(200, VIDEO))
    backend = serve(reply(302, b"", location=f"http://127.0.0.2:{_port(storage)}/file"))

    with _client(backend.url) as client, client.download("video_1") as chunks:
        assert b"".join(chunks) == VIDEO


@pytest.mark.parametrize("known", [None, True])
def test_a_backend_in_a_private_network_names_others_there_and_none_on_this_machine(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, known: bool | None
) -> None:
    near = {"127.0.0.1": Reach.PRIVATE, "127.0.0.3": Reach.PRIVATE}
    monkeypatch.setattr(address_guard, "reach_of", lambda address: near.get(address) or reach_of(address))
    neighbour, here = serve(reply(200, VIDEO)), serve(reply(200, SECRET))
    to_neighbour = serve(reply(302, b"", location=f"http://127.0.0.3:{_port(neighbour)}/file"))
    to_us = serve(reply(302, b"", location=f"http://127.0.0.2:{_port(here)}/keys"))

    with _client(to_neighbour.url, in_private_network=known) as client, client.download("video_1") as chunks:
        assert b"".join(chunks) == VIDEO
    assert _error(_client(to_us.url, in_private_network=known)).code == "bad_redirect"
    assert here.requests == []


def test_nobody_names_a_clouds_credentials(serve: Serve) -> None:
    backend = serve(reply(302, b"", location="http://169.254.169.254/latest/meta-data/"))

    error = _error(_client(backend.url, in_private_network=True))

    assert (type(error), error.code) == (RefusedError, "bad_redirect")


@pytest.mark.parametrize("status", [200, 401, 403, 404, 410, 500])
@pytest.mark.parametrize("by_redirect", [True, False])
def test_what_another_host_says_is_in_no_error(serve: Serve, status: int, by_redirect: bool) -> None:
    words = {"error": {"message": SECRET.decode(), "code": "insufficient_quota"}}
    other = serve(reply(status, words))
    link = f"{other.url}/keys"
    backend = serve(reply(302, b"", location=link)) if by_redirect else serve(reply(404, b""))

    error = _error(_client(backend.url), None if by_redirect else link)

    assert other.requests
    assert SECRET.decode() not in f"{error.message} {error.detail} {error.code}"
    assert error.code != "insufficient_quota"


def test_a_job_that_another_host_describes_is_not_believed(serve: Serve) -> None:
    job = {"id": "video_1", "status": "failed", "error": {"message": SECRET.decode()}}
    other = serve(reply(200, job))
    backend = serve(reply(302, b"", location=f"{other.url}/videos/video_1"))

    with _client(backend.url) as client, pytest.raises(UnavailableError) as caught:
        client.retrieve("video_1")

    assert SECRET.decode() not in f"{caught.value.message} {caught.value.detail}"


def test_no_credentials_go_to_another_host(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-ours")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-ours")
    storage = serve(reply(200, VIDEO))
    backend = serve(reply(302, b"", location=storage.url))

    with _client(backend.url) as client, client.download("video_1") as chunks:
        list(chunks)

    (request,) = storage.requests
    assert KEY not in repr(request)
    assert "of-ours" not in repr(request)


@pytest.mark.usefixtures("public")
def test_a_probe_finds_out_whether_the_backend_is_inside(serve: Serve) -> None:
    server = serve(reply(200, {"object": "list", "data": []}))

    assert probe(Connection(server.url, KEY)).in_private_network is False
    inside = server.url.replace("127.0.0.1", "127.0.0.2")
    assert probe(Connection(inside, KEY)).in_private_network is True
    assert probe(Connection("http://127.0.0.1:1/v1", KEY)).in_private_network is None
