"""The web server's own lines of the log, in the format of all others."""

import os
from typing import Any

from gunicorn.glogging import Logger

from contentgen.monitoring.log_format import JsonFormatter


class WebServerLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's logger, which writes JSON where LOG_FORMAT says so. Its first process loads no settings."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if os.environ.get("LOG_FORMAT", "").lower() == "json":
            for handler in self.error_log.handlers:
                handler.setFormatter(JsonFormatter())
