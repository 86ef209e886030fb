"""The list of everybody's videos: pages that know only whether there is a next one, and a bounded search."""

from collections.abc import Iterable

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest

from accounts.models import User
from contentgen.text_search import SearchTerms, find_matches, parse_search
from videos.models import Backend, CollectionItem, Video
from videos.models.video_search import search_prompts
from videos.validation import is_storable

MAX_PAGES = 100  # beyond, a date finds older ones faster than turning pages does
SEARCHED = 2_000  # videos of which a search reads more than the prompt: the newest that the filters leave
MAX_FOUND = 1_000  # videos that are found by their prompts: the newest, whatever their age
_MAX_PEOPLE = 50
People = list[tuple[int, str]]  # keys and names
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
    in the prompts of all videos, and in the prompts, errors, ids and owners' names together of the newest
    `SEARCHED`.
    """
    terms = parse_search(query)
    if not terms:
        return videos
    named = _named(query.strip())
    if named:
        return videos.filter(pk__in=named)
    owners = list(User.objects.order_by().values_list("pk", "username"))
    keys = {*_by_prompt(videos, query), *_among_newest(videos, terms.required, owners)}
    videos = videos.filter(pk__in=keys)
    for term in terms.excluded:
        videos = videos.exclude(_contains(term, owners))
    return videos


def _by_prompt(videos: QuerySet[Video], query: str) -> Iterable[int]:
    return search_prompts(videos, query).order_by("-pk").values_list("pk", flat=True)[:MAX_FOUND]


def _among_newest(videos: QuerySet[Video], terms: Iterable[str], owners: People) -> Iterable[int]:
    oldest = videos.order_by("-pk").values_list("pk", flat=True)[SEARCHED : SEARCHED + 1]
    for pk in oldest:
        videos = videos.filter(pk__gt=pk)
    for term in terms:
        videos = videos.filter(_contains(term, owners))
    return videos.order_by("-pk").values_list("pk", flat=True)


def _named(query: str) -> list[int]:
    """Return the keys of the videos that have this id, or whose jobs have; of any backend.

    Both are found by an index; that of the jobs leaves out those without an id, which SQLite has to be told.
    """
    if not is_storable(query):
        return []
    found = list(Video.objects.filter(public_id=query).values_list("pk", flat=True))
    backends = list(Backend.objects.values_list("pk", flat=True))
    jobs = Video.objects.filter(backend__in=backends, backend_job_id=query).exclude(backend_job_id="")
    return found or list(jobs.values_list("pk", flat=True)[:20])


def _contains(term: str, owners: People) -> Q:
    people = find_matches(SearchTerms((term,)), owners)[:_MAX_PEOPLE]
    condition = Q(search_text__contains=term) | Q(owner__in=people) | Q(public_id__contains=term)
    told = Q(*(Q((f"{name}__icontains", term)) for name in _ERRORS), _connector=Q.OR)
    return condition | Q(backend_job_id__icontains=term) | (~Q(error_code="") & told)
