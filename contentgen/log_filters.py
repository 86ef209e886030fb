"""What is kept out of the log, because something better says it."""

import logging


class HealthCheckFilter(logging.Filter):
    """Drops Django's error line for each health check that finds a part down.

    `contentgen.health` names the part and the reason, once for each look; monitors ask far more often.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is to be logged."""
        request = getattr(record, "request", None)
        return getattr(request, "path", "") != "/health/ready"
