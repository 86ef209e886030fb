"""The audit log in the admin: searched and exported, never changed."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audit.admin_pages import MAX_LISTED, BoundedPaginator
from audit.export import FORMATS
from audit.models import Entry
from audit.notes import translated_note
from audit.search import SearchForm
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind


class SearchFilter(admin.ListFilter):
    """The form beside the list."""

    title = _("Search")
    template = "admin/audit/entry/search.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: admin.ModelAdmin[Any]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        self.form = SearchForm(self.used_parameters)
        self.query = request.GET.urlencode()

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(SearchForm.base_fields)

    def choices(self, changelist: Any) -> Any:
        """Hand the form to the template: there is nothing to choose by a link."""
        return [{"form": self.form, "query": self.query, "is_cut": changelist.result_count >= MAX_LISTED}]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.form.apply(queryset)


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin[Entry]):
    list_display = ("when", "who", "action", "thing", "door", "address", "remark")
    list_display_links = ("when",)
    list_filter = (SearchFilter,)
    list_per_page = 50
    ordering = ("-at", "-pk")
    sortable_by = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they would count every entry
    paginator = BoundedPaginator
    actions = None
    fields = readonly_fields = (
        *("when", "who", "user_id", "is_staff", "token_name", "token_id"),
        *("action", "kind", "label", "object_id", "owner_id", "change_list", "remark"),
        *("door", "address", "request_id"),
    )

    class Media:
        css = {"all": ("css/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.export_view))
        return [path("export/<slug:name>", view, name="audit_entry_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """Send what the form finds as a file. That somebody took it along is an entry of its own."""
        form = SearchForm(request.GET)
        if not self.has_view_permission(request) or name not in FORMATS:
            raise PermissionDenied
        content_type, write = FORMATS[name]
        record(Action.DOWNLOADED, Subject(Kind.AUDIT), note=f"As {name}: {request.GET.urlencode() or 'all'}")
        response = StreamingHttpResponse(write(form.apply(Entry.objects.all())), content_type=content_type)
        file_name = f"audit-{timezone.localdate()}.{name}"
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
        return response

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": gettext("Audit log"), **(extra_context or {})})

    @admin.display(description=_("when"))
    def when(self, entry: Entry) -> str:
        return date_format(timezone.localtime(entry.at), "EXACT_DATETIME_FORMAT")

    @admin.display(description=_("who"))
    def who(self, entry: Entry) -> SafeString:
        staff = gettext(" (staff)") if entry.is_staff else ""
        token = gettext(", token “%(name)s”") % {"name": entry.token_name} if entry.token_id else ""
        return format_html("<bdi>{}</bdi>{}{}", entry.who, staff, token)

    @admin.display(description=_("about"))
    def thing(self, entry: Entry) -> SafeString:
        words = entry.get_kind_display(), entry.name, entry.object_id
        return format_html('{} <bdi>{}</bdi><span class="admin-secondary">{}</span>', *words)

    @admin.display(description=_("note"))
    def remark(self, entry: Entry) -> str:
        return translated_note(entry.note)

    @admin.display(description=_("changes"))
    def change_list(self, entry: Entry) -> SafeString | str:
        if not entry.changes:
            return "-"
        rows = [(_field_in_words(name), _describe(change)) for name, change in entry.changes.items()]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: <bdi>{}</bdi></li>", rows))


def _field_in_words(name: str) -> str:
    """Return what a field is called on the pages of the admin, where that is known."""
    return gettext(name.replace("_", " "))


def _describe(change: Any) -> str:
    """Return a field's change in words: what it was and is, or only that it was changed."""
    if not isinstance(change, list):
        return gettext(str(change))
    before, after = map(_value_in_words, change)
    return f"{before} → {after}"


def _value_in_words(value: Any) -> str:
    if value in ("", None):
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return str(value)
