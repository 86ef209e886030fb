"""STORAGE_URL: which stores there are, what is wrong with an address, and what they need installed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from contentgen.checks import check_storage
from contentgen.storage_address import KINDS, StorageOptions, object_store, origins
from tests.doctor.conftest import diagnose as diagnose  # a fixture here too
from videos.doctor import storage as doctor


@pytest.mark.parametrize(
    ("url", "shown", "origin"),
    [
        (
            "s3://studio/a?region=eu-central-1",
            "s3://studio/a",
            "https://studio.s3.eu-central-1.amazonaws.com",
        ),
        ("gs://studio_1/a/b", "gs://studio_1/a/b", "https://storage.googleapis.com"),
        (
            "gs://s.example.org?public_endpoint=https://f.example.org",
            "gs://s.example.org",
            "https://f.example.org",
        ),
        ("azure://studio?account=acme1", "azure://studio of acme1", "https://acme1.blob.core.windows.net"),
        (
            "azure://studio/a?account=acme1&endpoint=http://127.0.0.1:10000/acme1/",
            "azure://studio/a of acme1 at http://127.0.0.1:10000/acme1",
            "http://127.0.0.1:10000",
        ),
    ],
)
def test_each_kind_is_known_by_its_scheme_and_says_where_browsers_are_sent(url: str, shown: str, origin: str):
    store = object_store(url)

    assert str(store) == shown
    assert origin in origins(store)


@pytest.mark.parametrize("url", ["ftp://bucket", "az://container", "http://bucket", "bucket"])
def test_another_scheme_is_told_which_there_are(url: str):
    with pytest.raises(
        ValueError, match=r"s3://bucket.*, gs://bucket/folder or azure://container/folder\?acc"
    ):
        object_store(url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("gs://bucket?region=eu", "such as gs://bucket/folder"),
        ("gs://B", "the name of a bucket"),
        ("azure://studio", "the name of a storage account"),
        ("azure://studio?account=A-B", "the name of a storage account"),
        ("azure://my--studio?account=acme1", "the name of a bucket"),
        ("azure://studio?account=acme1&endpoint=ftp://host", "with an endpoint"),
        ("s3://studio?endpoint=https://host/path", "with an endpoint"),
        ("gs://studio/../other", "a folder that has a name"),
    ],
)
def test_what_is_wrong_with_an_address_is_told_for_its_kind(url: str, told: str):
    with pytest.raises(ValueError, match=told):
        object_store(url)


@pytest.mark.parametrize("url", ["azure://acme:key@studio?account=a", "gs://b?endpoint=http://a:b@host"])
def test_an_address_with_a_key_is_refused_and_not_repeated(url: str):
    with pytest.raises(ImproperlyConfigured) as raised:
        object_store(url)
    assert "key@" not in str(raised.value)


@pytest.mark.parametrize("url", ["gs://studio", "azure://studio?account=acme1"])
def test_what_is_not_installed_is_named_with_the_command(
    settings: Any, diagnose: Any, media_root: Path, monkeypatch: pytest.MonkeyPatch, url: str
):
    store = object_store(url)
    command = f".venv/bin/pip install -r {KINDS[store.scheme].extra}"
    monkeypatch.setattr("contentgen.storage_address.find_spec", lambda name: None)
    settings.STORAGE_URL = store
    media_root.mkdir()

    (error,) = check_storage(None)
    assert (error.id, error.hint) == ("contentgen.E019", f"Install it: {command}")
    assert diagnose(doctor.check_storage).of("storage").advice == command
    with pytest.raises(CommandError, match="pip install"):
        call_command("migrate_storage", "disk", url)


@pytest.mark.parametrize(
    "entrance",
    [
        "import contentgen.wsgi",
        "from celery.__main__ import main; sys.argv = ['celery', '-A', 'contentgen', 'worker']; main()",
    ],
    ids=["web", "worker"],
)
def test_no_process_starts_without_what_its_store_needs(entrance: str, tmp_path: Path):
    code = f"import sys, contentgen.storage_address as a; a.find_spec = lambda name: None; {entrance}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
        "ENV_FILE": "",
        "DATA_DIR": str(tmp_path),
        "STORAGE_URL": "gs://studio",
    }

    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )

    assert ended.returncode == 1
    told = (
        "What gs://studio needs is not installed. Install it: .venv/bin/pip install -r requirements-gcs.txt"
    )
    assert ended.stderr.strip().endswith(told)


def test_what_is_installed_is_no_error(settings: Any):
    settings.STORAGE_URL = object_store("gs://studio")
    assert check_storage(None) == []


def test_keys_of_s3_are_given_to_s3_alone():
    options = StorageOptions("a-key", "a-secret", 600, 0o600, 0o700)
    assert "secret_key" in options.entry(object_store("s3://studio"))["OPTIONS"]
    assert "secret_key" not in options.entry(object_store("gs://studio"))["OPTIONS"]
