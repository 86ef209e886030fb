"""Messages are hints: one about something that is gone is a line in the log."""

import logging

import pytest
from celery import current_app
from django.conf import settings

from tests.factories import BackendFactory
from videos import tasks
from videos.models import Backend, Video

pytestmark = pytest.mark.django_db
GONE = 987_654


@pytest.mark.parametrize(
    "name",
    # That of retention is about nothing in particular.
    sorted(
        name
        for name in settings.CELERY_TASK_ROUTES
        if name.startswith("videos.") and name != "videos.retention"
    ),
)
def test_a_message_about_what_is_gone_raises_nothing(name: str):
    current_app.tasks[name](GONE)


def test_it_is_one_line_in_the_log(caplog):
    with caplog.at_level(logging.INFO):
        tasks.reconcile_task(GONE)

    (record,) = [record for record in caplog.records if record.name == "videos.tasks"]
    assert record.getMessage() == f"Nothing to do for reconcile_task: there is no Backend {GONE}"
    assert record.exc_info is None


def test_another_missing_row_is_an_error(monkeypatch):
    def fail(backend_id: int) -> None:
        raise Video.DoesNotExist

    backend: Backend = BackendFactory()
    monkeypatch.setattr("videos.engine.submit.submit_next", fail)

    with pytest.raises(Video.DoesNotExist):
        tasks.submit_task(backend.pk)
