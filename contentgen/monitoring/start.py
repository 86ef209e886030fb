"""Begins, in each process, what settings ask for to be seen from outside."""

from django.conf import settings

from contentgen.monitoring import error_reports, sharing, tracing


def start() -> None:
    """Begin sharing metrics, tracing and reporting errors, each where a setting asks for it."""
    if settings.METRICS:
        sharing.start()
    tracing.start()
    error_reports.start()
