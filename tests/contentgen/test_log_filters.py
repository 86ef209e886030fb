"""What is not permitted is one line in the log."""

import logging


def test_a_refusal_is_logged_without_a_traceback(as_alice, caplog):
    with caplog.at_level(logging.WARNING):
        assert as_alice.get("/connect/").status_code == 403

    (record,) = [record for record in caplog.records if record.name == "django.request"]
    assert "/connect/" in record.getMessage()
    assert record.exc_info is None
