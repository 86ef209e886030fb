"""Several workers, and one that is killed: real processes, on one database."""

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from tests.backends.server import Request, Server, reply
from tests.webhooks.conftest import Publish, Serve, only
from webhooks import pump
from webhooks.models import Delivery, DeliveryState

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).resolve().parents[2]
KEY = "of-a-test-and-no-secret-at-all-0123456789"
PROGRAM = "import django; django.setup()\nfrom webhooks import pump\nprint(pump.deliver_due())"


@pytest.fixture(autouse=True)
def same_key(settings) -> None:
    settings.SECRET_KEY = KEY


def _database_url() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return (
        f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
    )


def _start_worker() -> "subprocess.Popen[str]":
    environment = {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
        "ENV_FILE": "",
        "DATA_DIR": str(django_settings.DATA_DIR),
        "SECRET_KEY": KEY,
        "WEBHOOK_PRIVATE_ADDRESSES": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )


def test_several_workers_send_each_delivery_once(serve: Serve, hook, happen: Publish):
    receivers = [serve(), serve()]
    for receiver in receivers:
        hook(receiver)
    for number in range(40):
        happen(object_id=f"video_{number}")

    workers = [_start_worker() for _ in range(3)]
    outputs = [worker.communicate(timeout=200)[0] for worker in workers]

    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert sum(map(int, outputs)) == 80
    assert set(Delivery.objects.values_list("state", "attempts")) == {(DeliveryState.DELIVERED, 1)}
    for receiver in receivers:
        sent = Counter(request.headers["webhook-id"] for request in receiver.requests)
        assert set(sent.values()) == {1}
        assert len(sent) == 40


def test_what_a_killed_worker_was_sending_is_sent_again_with_the_same_id(
    serve: Serve, hook, happen: Publish, pass_time: Callable[..., None]
):
    workers: list[subprocess.Popen[str]] = []

    def kill(_: Server, __: socket.socket, ___: Request) -> None:
        os.kill(workers[0].pid, signal.SIGKILL)

    receiver = serve(kill, reply())
    hook(receiver)
    happen()
    workers.append(_start_worker())
    workers[0].communicate(timeout=200)
    assert workers[0].returncode == -signal.SIGKILL

    assert (only().state, only().is_being_sent) == (DeliveryState.PENDING, True)
    assert pump.deliver_due() == 0, "its lease has not run out"
    pass_time(seconds=61)
    assert pump.deliver_due() == 1

    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert (only().state, only().attempts) == (DeliveryState.DELIVERED, 2)
