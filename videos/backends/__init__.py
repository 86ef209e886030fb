"""Everything that talks to a server that makes videos. It knows no Django, and none of our models."""

from videos.backends.client import Client
from videos.backends.connection import Connection
from videos.backends.errors import BackendError, RefusedError, UnavailableError, UnknownOutcomeError
from videos.backends.requests import ClipFile, ReferenceFile
from videos.backends.responses import Job, JobPage

__all__ = [
    "BackendError",
    "Client",
    "ClipFile",
    "Connection",
    "Job",
    "JobPage",
    "ReferenceFile",
    "RefusedError",
    "UnavailableError",
    "UnknownOutcomeError",
]
