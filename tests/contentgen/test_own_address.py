"""A studio is never its own backend, whatever is left in the shell that starts it."""

import pytest

from contentgen import checks
from contentgen.own_address import choose_backend, is_own_address
from tests.contentgen.test_settings import PRODUCTION, _load, _values

HERE = [("127.0.0.1", 8000)]


@pytest.mark.parametrize(
    ("url", "own", "expected"),
    [
        ("http://127.0.0.1:8000/v1", HERE, True),
        ("http://localhost:8000/v1", HERE, True),
        ("http://LOCALHOST.:8000/v1", HERE, True),
        ("http://[::1]:8000/v1", HERE, True),
        ("http://0.0.0.0:8000/v1", HERE, True),
        ("http://127.0.0.1:8001/v1", HERE, False),
        ("http://gpu.example.org:8000/v1", HERE, False),
        ("http://127.0.0.1:8000/v1", [("0.0.0.0", 8000)], True),  # noqa: S104
        ("http://10.0.0.5:80/v1", [("10.0.0.5", 80)], True),
        ("http://10.0.0.5/v1", [("10.0.0.5", 80)], True),
        ("http://127.0.0.1:port/v1", HERE, False),
        ("not a url", HERE, False),
        ("", HERE, False),
    ],
)
def test_an_address_is_recognised_by_all_its_names(url: str, own, expected: bool):
    assert is_own_address(url, own) is expected


@pytest.mark.parametrize(
    ("variables", "url", "key", "old"),
    [
        ({}, "", "", ""),
        ({"BACKEND_URL": "http://gpu/v1/", "BACKEND_KEY": "k"}, "http://gpu/v1", "k", ""),
        ({"OPENAI_BASE_URL": "http://gpu/v1/", "OPENAI_API_KEY": "k"}, "http://gpu/v1", "k", "used"),
        ({"OPENAI_API_KEY": "sk-1"}, "", "sk-1", "used"),
        # Those of scripts:
        ({"OPENAI_BASE_URL": "http://localhost:8000/v1", "OPENAI_API_KEY": "cg_1"}, "", "", "ignored"),
        ({"OPENAI_API_KEY": "cg_1"}, "", "", "ignored"),
        # Another studio may be a backend.
        ({"OPENAI_BASE_URL": "http://other/v1", "OPENAI_API_KEY": "cg_1"}, "http://other/v1", "cg_1", "used"),
        # Beside the new names, the old ones are a script's.
        ({"BACKEND_URL": "http://gpu/v1", "OPENAI_API_KEY": "cg_1"}, "http://gpu/v1", "", ""),
    ],
)
def test_the_names_that_scripts_use_name_no_backend_that_is_this_studio(variables, url, key, old):
    chosen = choose_backend(variables, HERE)

    assert (chosen.url, chosen.key, chosen.old_names) == (url, key, old)


def test_a_studio_started_from_a_scripts_shell_is_in_demo_mode(tmp_path):
    shell = {"OPENAI_BASE_URL": "http://127.0.0.1:9000/v1", "OPENAI_API_KEY": "cg_1"}
    names = ("BACKEND_URL", "BACKEND_KEY", "OLD_BACKEND_NAMES")

    started = _values(_load(tmp_path, *names, PORT="9000", **shell))
    assert started == {"BACKEND_URL": "", "BACKEND_KEY": "", "OLD_BACKEND_NAMES": "ignored"}

    # A command in that shell does not know the port; the studio that runs has left it in its folder.
    (tmp_path / "lock").write_text("http://127.0.0.1:9000/")
    assert _values(_load(tmp_path, *names, **shell)) == started


def test_in_production_the_port_inside_a_container_is_not_taken_for_the_address(tmp_path):
    beside = {"BACKEND_URL": "http://127.0.0.1:8000/v1"}
    values = _values(_load(tmp_path, "BACKEND_URL", "OWN_ADDRESSES", **PRODUCTION, **beside))

    assert values == {"BACKEND_URL": "http://127.0.0.1:8000/v1", "OWN_ADDRESSES": []}


@pytest.mark.parametrize(("old", "found"), [("", []), ("used", ["W003"]), ("ignored", ["W004"])])
def test_old_names_are_pointed_out(settings, old: str, found: list[str]):
    settings.OLD_BACKEND_NAMES = old

    ids = [message.id for message in checks.check_renamed(None)]

    assert ids == [f"contentgen.{each}" for each in found]
