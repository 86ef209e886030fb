"""The Django admin of the studio. Videos are changed only through `videos.services`."""

from videos.admin.backend import BackendAdmin
from videos.admin.batch import BatchAdmin
from videos.admin.catalogue import PromptTemplateAdmin, VideoModelAdmin
from videos.admin.character import CharacterAdmin
from videos.admin.collection import CollectionAdmin
from videos.admin.people import PeopleAdmin
from videos.admin.reference import ReferenceImageAdmin
from videos.admin.submissions import StudioStateAdmin
from videos.admin.video import VideoAdmin

__all__ = [
    "BackendAdmin",
    "BatchAdmin",
    "CharacterAdmin",
    "CollectionAdmin",
    "PeopleAdmin",
    "PromptTemplateAdmin",
    "ReferenceImageAdmin",
    "StudioStateAdmin",
    "VideoAdmin",
    "VideoModelAdmin",
]
