"""Collections in the administration: to be looked at. What is done about them, their owners do."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin_pages import BoundedPaginator
from contentgen.admin_search import FoldedSearch
from videos.models import Collection


@admin.register(Collection)
class CollectionAdmin(FoldedSearch[Collection]):
    list_display = ("name", "owner", "visibility", "created_at")
    list_filter = ("visibility",)
    list_select_related = ("owner",)
    search_fields = ("search_text", "public_id", "owner__username")
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = readonly_fields = ("public_id", "name", "owner", "visibility", "description", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        return super().get_queryset(request).filter(deleted_at=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Collection | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Collection | None = None) -> bool:
        return False
