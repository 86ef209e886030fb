"""The Django admin of the studio. Videos are changed only through `videos.services`."""

from videos.admin.backend import BackendAdmin
from videos.admin.batch import BatchAdmin
from videos.admin.character import CharacterAdmin
from videos.admin.collection import CollectionAdmin
from videos.admin.people import PeopleAdmin
from videos.admin.prompt_template import PromptTemplateAdmin
from videos.admin.reference import ReferenceImageAdmin
from videos.admin.submissions import StudioStateAdmin
from videos.admin.video import VideoAdmin
from videos.admin.video_model import VideoModelAdmin

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
