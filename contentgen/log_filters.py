"""What is kept out of the log, because something better says it."""

import logging
import re

_SHARED_ADDRESS = re.compile(r"(/s/)[A-Za-z0-9_-]{20,}")
_SIGNED_ADDRESS = re.compile(r"([?&]X-Amz-)[^\s\"'<>]*")


class HealthCheckFilter(logging.Filter):
    """Drops Django's error line for each health check that finds a part down.

    `contentgen.health` names the part and the reason, once for each look; monitors ask far more often.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is to be logged."""
        request = getattr(record, "request", None)
        return getattr(request, "path", "") not in ("/health/ready", "/health/startup")


class RefusalFilter(logging.Filter):
    """Makes one line of a 403: that somebody may not do something is no error of ours to be traced."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the traceback off, and return that the record is to be logged."""
        if getattr(record, "status_code", None) == 403:
            record.exc_info = record.exc_text = None
        return True


class ShareLinkFilter(logging.Filter):
    """Keeps the secrets of share links out of the log: whoever reads it could open them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the addresses that the record names, and return that it is to be logged."""
        return _cut(record, _SHARED_ADDRESS)


class SignedAddressFilter(logging.Filter):
    """Keeps signed addresses out of the log: for some minutes anybody could read the file there."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the addresses that the record names, and return that it is to be logged."""
        return _cut(record, _SIGNED_ADDRESS)


def _cut(record: logging.LogRecord, secret: re.Pattern[str]) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            secret.sub(r"\1…", each) if isinstance(each, str) else each for each in record.args
        )
    return True
