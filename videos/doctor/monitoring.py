"""How the studio is seen from outside: which of metrics, traces and reports of errors are on."""

from urllib.parse import urlsplit

from django.conf import settings

from contentgen.monitoring import tracing
from videos.doctor.finding import Finding, Findings, ok, warning, wrong

WHAT = "monitoring"


def check_monitoring() -> Findings:
    """Say what is on. That something is off is no fault."""
    yield ok(WHAT, f"Logs as {settings.LOG_FORMAT}. {_metrics()} {_errors()}")
    yield _traces()
    if settings.METRICS_PORT and settings.METRICS_BIND in ("0.0.0.0", "::"):  # noqa: S104  # it is asked for
        found = f"Metrics are open to whoever reaches port {settings.METRICS_PORT}."
        yield warning(
            "metrics' port", found, "Let only Prometheus reach it, by a firewall or a NetworkPolicy."
        )


def _metrics() -> str:
    ways = ["with the token"] if settings.METRICS_TOKEN else []
    if settings.METRICS_PORT:
        ways.append(f"at {settings.METRICS_BIND}:{settings.METRICS_PORT}")
    return f"Metrics {' and '.join(ways)}." if ways else "No metrics."


def _errors() -> str:
    if not settings.SENTRY_DSN:
        return "Errors are reported nowhere."
    return f"Errors are reported to {urlsplit(settings.SENTRY_DSN).hostname}."


def _traces() -> Finding:
    endpoint: str = settings.OTEL_EXPORTER_OTLP_ENDPOINT
    if not endpoint:
        return ok("traces", "None are made.")
    if not tracing.is_installed():
        found = "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed."
        return wrong("traces", found, "pip install -r requirements-tracing.txt")
    return ok("traces", f"They are sent to {urlsplit(endpoint).hostname}.")
