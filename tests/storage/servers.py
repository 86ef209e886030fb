"""Servers that speak the protocols of Google and of Azure, each with a bucket for one test.

Google's is a package for Python, runs in this process, and checks no signatures. Azure's is Azurite, which
does, is made by Microsoft for Node, and has 350 MB: so its tests are drills.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from gcp_storage_emulator.server import create_server
from google.oauth2 import service_account

from contentgen.storage_address import ObjectStore, object_store
from tests.chaos.processes import Processes
from tests.studio import TIMEOUT, free_port

AZURITE = Path(__file__).parent / "azurite"
ACCOUNT = "studioaccount"
_QUIETLY = "--inMemoryPersistence --silent --disableTelemetry --skipApiVersionCheck"
ACCOUNT_KEY = base64.b64encode(b"a key of the account, of enough bytes").decode()


@contextmanager
def google(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the server, and put the key of a service account into the environment. Yields its endpoint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account",
        "project_id": "a-project",
        "private_key_id": "1",
        "private_key": pem,
        "client_email": "studio@a-project.iam.gserviceaccount.com",
        "token_uri": "http://127.0.0.1:1/token",
    }
    path = folder / "account.json"
    path.write_text(json.dumps(account))
    patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    # Nobody here gives out tokens, and the server asks for none.
    patch.setattr(
        service_account.Credentials, "refresh", lambda self, request: setattr(self, "token", "a-token")
    )
    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def new_google_bucket(endpoint: str) -> ObjectStore:
    from contentgen.google_storage import GoogleStorage

    store = object_store(f"gs://bucket-{uuid.uuid4().hex}/team/studio?endpoint={endpoint}")
    GoogleStorage(store).client.create_bucket(store.bucket)
    return store


@contextmanager
def azurite(installed: Path, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the server, and put the account's key into the environment. Yields the account's endpoint."""
    _install(installed)
    patch.setenv("AZURE_STORAGE_KEY", ACCOUNT_KEY)
    port = free_port()
    options = f"--blobPort {port} {_QUIETLY}"
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{ACCOUNT_KEY}"}
    (folder / "logs").mkdir(exist_ok=True)
    running = Processes(environment, folder / "logs")
    try:
        running.add("azurite", f"{installed}/node_modules/.bin/azurite-blob {options}")
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/{ACCOUNT}"
    finally:
        running.stop()


def new_azure_container(endpoint: str) -> ObjectStore:
    name = f"container-{uuid.uuid4().hex}"
    BlobServiceClient(
        endpoint, credential={"account_name": ACCOUNT, "account_key": ACCOUNT_KEY}
    ).create_container(name)
    return object_store(f"azure://{name}/team/studio?account={ACCOUNT}&endpoint={endpoint}")


def _install(folder: Path) -> None:
    """Install Azurite into the folder, unless it is there. Without Node and npm the test skips, not in CI."""
    if (folder / "node_modules/.bin/azurite-blob").exists():
        return
    if not shutil.which("npm"):
        _skip_unless_ci("Node is not installed (Debian: apt install nodejs npm)")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(AZURITE / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280, check=False)
    if done.returncode:
        _skip_unless_ci(f"npm cannot install Azurite: {done.stderr[-500:]}")


def _skip_unless_ci(reason: str) -> None:
    pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        with socket.socket() as found:
            if not found.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise TimeoutError("Azurite does not answer.")
