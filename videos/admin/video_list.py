"""The list of everybody's videos: pages that know only whether there is a next one, and a bounded search."""

from collections.abc import Iterable
from itertools import islice

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest

from accounts.models import User
from contentgen.text_search import find_matches, search_words
from videos.models import Backend, CollectionItem, Video
from videos.validation import is_storable

MAX_PAGES = 100  # beyond, a date finds older ones faster than turning pages does
SEARCHED = 20_000  # videos whose texts one search reads: the newest of those that the filters leave
_MAX_PEOPLE = 50
_ERRORS = ("error_code", "error_message", "error_detail")
# What the list shows of a video: the row also holds texts of many kilobytes, and what only its page shows.
_COLUMNS = (
    *("public_id", "prompt", "model", "size", "seconds", "kind", "state", "progress", "poster", "revision"),
    *(
        "error_code",
        "error_message",
        "backend_job_id",
        "due_at",
        "cancel_requested_at",
        "queued_at_backend",
        "paused_at",
    ),
    *("price", "charged", "created_at", "generated_at", "trashed_at", "deleted_at"),
    *("owner__username", "owner__is_active", "batch__name", "batch__paused_at", "batch__state"),
    *("owner__video_queue__paused_at", "owner__video_queue__staff_paused_at"),
)
_BACKEND_COLUMNS = (
    *("name", "enabled", "is_simulator", "service", "costs_nothing", "can_list"),
    *("paused_until", "paused_by", "pause_reason"),
)


class VideoChangeList(ChangeList):
    """Reads one row more than it shows, instead of counting all that there are."""

    def get_results(self, request: HttpRequest) -> None:
        if not 1 <= self.page_num <= MAX_PAGES:
            raise IncorrectLookupParameters
        first = (self.page_num - 1) * self.list_per_page
        # First the keys: to skip thousands of rows, nothing of others is joined to them.
        found = list(self.queryset.values_list("pk", flat=True)[first : first + self.list_per_page + 1])
        shown = Video.objects.filter(pk__in=found[: self.list_per_page])
        self.result_list = list(_for_list(shown).order_by(*self.queryset.query.order_by or ("-pk",)))
        self.has_next = len(found) > self.list_per_page
        self.is_last_page = self.page_num == MAX_PAGES
        self.result_count = first + len(found)  # at least
        self.full_result_count = self.result_count  # so that neither is shown
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = False
        self.multi_page = self.has_next or self.page_num > 1

    @property
    def newer(self) -> str:
        """The address of the page before; empty on the first."""
        return self.get_query_string({PAGE_VAR: self.page_num - 1}) if self.page_num > 1 else ""

    @property
    def older(self) -> str:
        """The address of the next page; empty where there is none."""
        follows = self.has_next and not self.is_last_page
        return self.get_query_string({PAGE_VAR: self.page_num + 1}) if follows else ""


def _for_list(videos: QuerySet[Video]) -> QuerySet[Video]:
    items = CollectionItem.objects.filter(collection__deleted_at=None).select_related("collection")
    items = items.only("video_id", "collection__name", "collection__public_id").order_by("pk")
    columns = (*_COLUMNS, *(f"backend__{name}" for name in _BACKEND_COLUMNS))
    return (
        videos.select_related("owner__video_queue", "backend", "batch")
        .only(*columns)
        .prefetch_related(Prefetch("collection_items", items, to_attr="listed_items"))
    )


def search_videos(videos: QuerySet[Video], query: str) -> QuerySet[Video]:
    """Return the videos that a search finds.

    One id, of the studio or of a backend's job, finds its video among all, by an index. Words are looked for
    in the prompts, errors and owners' names of the newest `SEARCHED` videos that the filters leave.
    """
    words = search_words(query)
    if not words:
        return videos
    named = _named(query.strip())
    if named:
        return videos.filter(pk__in=named)
    oldest = videos.order_by("-pk").values_list("pk", flat=True)[SEARCHED : SEARCHED + 1]
    for pk in oldest:
        videos = videos.filter(pk__gt=pk)
    owners = list(User.objects.order_by().values_list("pk", "username"))
    for word in words:
        videos = videos.filter(_contains(word, find_matches([word], owners)))
    return videos


def _named(query: str) -> list[int]:
    """Return the keys of the videos that have this id, or whose jobs have; of any backend."""
    if not is_storable(query):
        return []
    found = list(Video.objects.filter(public_id=query).values_list("pk", flat=True))
    backends = list(Backend.objects.values_list("pk", flat=True))
    jobs = Video.objects.filter(backend__in=backends, backend_job_id=query)
    return found or list(jobs.values_list("pk", flat=True)[:20])


def _contains(word: str, owners: Iterable[int]) -> Q:
    people = list(islice(owners, _MAX_PEOPLE))
    condition = Q(search_text__contains=word) | Q(owner__in=people) | Q(public_id__contains=word)
    told = Q(*(Q((f"{name}__icontains", word)) for name in _ERRORS), _connector=Q.OR)
    return condition | Q(backend_job_id__icontains=word) | (~Q(error_code="") & told)
