"""The wire: everything that talks to a server that makes videos. No Django models, and no Django."""

from videos.backends.client import Client
from videos.backends.connection import Connection
from videos.backends.drivers.videos_api import VideosApiDriver
from videos.backends.errors import BackendError, Refused, Unavailable, Unknown
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
    "Refused",
    "Unavailable",
    "Unknown",
    "VideosApiDriver",
]
