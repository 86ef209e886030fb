"""The wire: the only place that imports openai. It knows nothing of Django or of the database."""

from .client import AsyncClient, Client
from .connection import Connection
from .errors import BackendError, Refused, Unavailable, Unknown
from .replies import Job, JobPage
from .wishes import ClipFile, ReferenceFile

__all__ = [
    "AsyncClient",
    "BackendError",
    "Client",
    "ClipFile",
    "Connection",
    "Job",
    "JobPage",
    "ReferenceFile",
    "Refused",
    "Unavailable",
    "Unknown",
]
