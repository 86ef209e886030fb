"""nginx and Caddy in front of a studio, with the files of `deploy/`: ports and paths alone are changed."""

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.studio import PROJECT, free_port, wait_until

HOST = "studio.example.org"
_NGINX = PROJECT / "deploy/nginx/contentgen.conf"
_CADDY = PROJECT / "deploy/caddy/Caddyfile"
# What the package has around the file. As root the tests' files are nobody else's to read.
_AROUND_NGINX = """{user}
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/contentgen.conf;
}}"""
_AROUND_CADDY = """{{
    admin off
    local_certs
    skip_install_trust
    http_port {plain}
    https_port {port}
}}
import {folder}/contentgen"""


@dataclass(frozen=True)
class Proxy:
    """A proxy that listens: on `port` with TLS, on `plain` without."""

    port: int
    plain: int


@contextmanager
def nginx(folder: Path, *, web: int, media: Path, path: str = "/") -> Iterator[Proxy]:
    """Run nginx in front of a studio that listens on the port `web`, below `path`."""
    _create_certificate(folder)
    proxy = Proxy(free_port(), free_port())
    changes = {
        "127.0.0.1:8000": f"127.0.0.1:{web}",
        "listen 80;": f"listen 127.0.0.1:{proxy.plain};",
        "listen 443 ": f"listen 127.0.0.1:{proxy.port} ",
        "/etc/ssl/studio.example.org": str(folder),
        "/var/lib/contentgen/media": str(media),
        "location / {": f"location {path} {{",
    }
    _copy(_NGINX, folder / "contentgen.conf", changes)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND_NGINX.format(folder=folder, user=user))
    with _running(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")], proxy, folder):
        yield proxy


@contextmanager
def caddy(folder: Path, *, web: int, path: str = "") -> Iterator[Proxy]:
    """Run Caddy in front of a studio that listens on the port `web`, below `path`, such as `/studio/*`."""
    proxy = Proxy(free_port(), free_port())
    changes = {"\treverse_proxy ": f"\treverse_proxy {path} "} if path else {}
    _copy(_CADDY, folder / "contentgen", changes)
    (folder / "Caddyfile").write_text(_AROUND_CADDY.format(folder=folder, plain=proxy.plain, port=proxy.port))
    settings = {"STUDIO_HOST": HOST, "STUDIO_WEB": f"127.0.0.1:{web}", "HOME": str(folder)}
    settings |= {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with _running(command, proxy, folder, settings):
        yield proxy


def _copy(source: Path, target: Path, changes: dict[str, str]) -> None:
    text = source.read_text()
    for old, new in changes.items():
        assert old in text, f"{source} no longer has {old!r}"
        text = text.replace(old, new)
    target.write_text(text)


def _create_certificate(folder: Path) -> None:
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = ["openssl", "req", "-x509", *kind, "-subj", f"/CN={HOST}", *files]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@contextmanager
def _running(
    command: list[str], proxy: Proxy, folder: Path, settings: dict[str, str] | None = None
) -> Iterator[None]:
    program = shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        reason = f"{command[0]} is not installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    output = folder / "output"
    with output.open("w") as log:
        process = subprocess.Popen(
            [program, *command[1:]], env={**os.environ, **(settings or {})}, stdout=log, stderr=log
        )
    try:
        wait_until(_answers_or_died(proxy.port, process))
        assert process.poll() is None, output.read_text()
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers_or_died(port: int, process: "subprocess.Popen[bytes]") -> Callable[[], bool]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def answers_or_died() -> bool:
        if process.poll() is not None:
            return True
        try:  # Caddy listens before it has a certificate
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
                context.wrap_socket(plain, server_hostname=HOST).close()
        except OSError:
            return False
        return True

    return answers_or_died
