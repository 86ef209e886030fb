"""Whether the ticks of workers have anything to do."""

from contentgen.prepared_query import PreparedQuery
from videos.models import Batch, Video
from videos.models.state import IN_FLIGHT

_VIDEOS = PreparedQuery(lambda: Video.objects.filter(state__in=sorted(IN_FLIGHT)).values("pk"))
_BATCHES = PreparedQuery(lambda: Batch.objects.unfinished().values("pk"))


def has_work() -> bool:
    """Return whether any video is to be submitted, followed or stored, or any batch has not ended.

    Two queries that an index answers. What is due by its age alone, such as the trash, is no work in this
    sense: it bears to wait for a seldom tick.
    """
    return _VIDEOS.first() is not None or _BATCHES.first() is not None
