"""Characters in the admin: viewed, and deleted the way their owners do it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin_pages import BoundedPaginator
from contentgen.admin_search import FoldedSearch
from videos.admin.files import FileViews
from videos.models import Character
from videos.services.characters import delete_character


@admin.register(Character)
class CharacterAdmin(FoldedSearch[Any], FileViews):
    list_display = ("name", "state_label", "owner", "backend", "created_at")
    list_select_related = ("owner", "backend")
    list_filter = ("backend", "created_at")
    list_per_page = 50
    search_fields = ("search_text", "public_id", "owner__username", "backend_character_id")
    search_help_text = _("Name, owner, ID, the backend's ID")
    show_full_result_count = False
    paginator = BoundedPaginator
    served_files = ("file",)
    fields = (
        "clip",
        "name",
        "state_label",
        "owner",
        "backend",
        "public_id",
        "backend_character_id",
        "error_message",
        "error_detail",
        "attempts",
        "due_at",
        "created_at",
    )
    readonly_fields = fields

    class Media:
        css = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Character]:
        """Leave out deleted characters, which nobody can use any more."""
        return super().get_queryset(request).filter(deleted_at=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_deleted_objects(
        self, objs: QuerySet[Any] | Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """List only the characters: videos that show one keep it."""
        names = [str(character) for character in objs]
        return names, {gettext("characters"): len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Character) -> None:
        delete_character(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Character]) -> None:
        for character in queryset:
            delete_character(character)

    @admin.display(description=_("state"))
    def state_label(self, character: Character) -> SafeString:
        kind, words = "failed", gettext("Failed")
        if character.is_ready:
            kind, words = "completed", gettext("Ready")
        elif character.is_pending:
            kind, words = "in_progress", gettext("Creating")
        return format_html('<span class="admin-state admin-state-{}">{}</span>', kind, words)

    @admin.display(description=_("clip"))
    def clip(self, character: Character) -> SafeString:
        address = reverse("admin:videos_character_file", args=[character.pk])
        return format_html(
            '<video class="admin-player" controls preload="metadata" src="{}"></video>', address
        )
