"""The Django admin of the studio. Videos are changed only through `videos.services`."""

from django.contrib import admin

from videos.admin.backend import BackendAdmin
from videos.admin.batch import BatchAdmin
from videos.admin.catalogue import PromptTemplateAdmin, VideoModelAdmin
from videos.admin.character import CharacterAdmin
from videos.admin.reference import ReferenceImageAdmin
from videos.admin.submissions import StudioStateAdmin
from videos.admin.video import VideoAdmin

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
