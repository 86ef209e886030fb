"""What is logged, and how a line looks."""

from typing import Any

_FORMATTERS = {
    "text": {
        "()": "contentgen.monitoring.log_format.LineFormatter",
        "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
    },
    "json": {"()": "contentgen.monitoring.log_format.JsonFormatter"},
}


def logging_config(level: str, log_format: str) -> dict[str, Any]:
    """Return Django's `LOGGING`, with our own lines from this `level` on, as `text` or `json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "health_checks": {"()": "contentgen.log_filters.HealthCheckFilter"},
            "refusals": {"()": "contentgen.log_filters.RefusalFilter"},
            "share_links": {"()": "contentgen.log_filters.ShareLinkFilter"},
            "signed_addresses": {"()": "contentgen.log_filters.SignedAddressFilter"},
        },
        "formatters": {"line": _FORMATTERS[log_format]},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["share_links", "signed_addresses"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": []},  # Django's own handlers would print each line a second time
            "django.request": {"filters": ["health_checks", "refusals"]},
            # A line for every poll and every tick would drown everything else.
            "httpx2": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.worker.consumer.connection": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # These tell how each request to an object store is signed.
            **{name: {"level": "WARNING"} for name in ("boto3", "botocore", "s3transfer", "urllib3")},
            "fido2": {"level": "WARNING"},  # it names every passkey that is used
        },
    }
