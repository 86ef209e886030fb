"""What is not permitted is one line in the log."""

import logging

from django.conf import settings

from contentgen.log_filters import ShareLinkFilter


def test_a_refusal_is_logged_without_a_traceback(as_alice, caplog):
    with caplog.at_level(logging.WARNING):
        assert as_alice.get("/connect/").status_code == 403

    (record,) = [record for record in caplog.records if record.name == "django.request"]
    assert "/connect/" in record.getMessage()
    assert record.exc_info is None


def test_the_secret_of_a_share_link_is_not_logged():
    secret = "x" * 32
    assert "share_links" in settings.LOGGING["handlers"]["console"]["filters"]
    record = logging.LogRecord(
        *("django.request", logging.WARNING, "", 0, "%s: %s", ("Forbidden", f"/s/{secret}/video.mp4"), None)
    )

    assert ShareLinkFilter().filter(record)
    assert record.getMessage() == "Forbidden: /s/…/video.mp4"
