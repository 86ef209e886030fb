"""The Django admin of the studio. Videos are changed only through `videos.services`."""

from django.contrib import admin

from videos.admin.backend import BackendAdmin
from videos.admin.batch import BatchAdmin
from videos.admin.character import CharacterAdmin
from videos.admin.prompt_template import PromptTemplateAdmin
from videos.admin.reference import ReferenceImageAdmin
from videos.admin.submissions import StudioStateAdmin
from videos.admin.video import VideoAdmin
from videos.admin.video_model import VideoModelAdmin

__all__ = [
    "BackendAdmin",
    "BatchAdmin",
    "CharacterAdmin",
    "PromptTemplateAdmin",
    "ReferenceImageAdmin",
    "StudioStateAdmin",
    "VideoAdmin",
    "VideoModelAdmin",
]

admin.site.site_header = admin.site.site_title = "ContentGen"
admin.site.index_title = "Administration"
admin.site.enable_nav_sidebar = False  # the list of videos needs the width
