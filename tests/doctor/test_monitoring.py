"""What doctor says of how the studio is seen from outside."""

from contentgen.monitoring import tracing
from videos.doctor.finding import Health
from videos.doctor.monitoring import check_monitoring


def test_it_says_that_nothing_is_on_and_finds_no_fault_in_that(diagnose):
    found = diagnose(check_monitoring)
    assert found.bad == []
    assert "Logs as text. No metrics. Errors are reported nowhere." in found
    assert "None are made." in found


def test_it_says_what_is_on_and_tells_no_secret(diagnose, settings):
    settings.METRICS_TOKEN, settings.METRICS_PORT, settings.LOG_FORMAT = (
        "a-secret-token-of-many",
        9101,
        "json",
    )
    settings.SENTRY_DSN = "https://secretkey@sentry.test/1"
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://me:secret@collector.test:4318"
    found = diagnose(check_monitoring)
    assert found.bad == []
    assert (
        "Logs as json. Metrics with the token and at 127.0.0.1:9101. Errors are reported to sentry.test."
        in found
    )
    assert "sent to collector.test." in found
    assert "secret" not in found


def test_it_names_what_is_asked_for_and_missing_or_open(diagnose, settings, monkeypatch):
    settings.METRICS_PORT, settings.METRICS_BIND = 9101, "::"
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://collector.test:4318"
    monkeypatch.setattr(tracing, "is_installed", lambda: False)
    found = diagnose(check_monitoring)
    assert found.of("traces").health == Health.WRONG
    assert found.of("metrics' port").health == Health.WARNING
