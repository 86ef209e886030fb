"""What the administration's first page looks at: a queue, failures of many kinds, several backends."""

from django.db.models import F

BACKENDS, QUEUED, AT_WORK = 8, 5_000, 200
_CODES = ("timed_out", "moderation_blocked", "generation_failed", "download_failed", "not_found", "no_file")


def spread_the_work(videos: int) -> None:
    """Give the videos that are there several backends and reasons, have each end when it was asked for, and
    put the latest into the queue and to work.
    """
    from videos.models import Backend, State, Video, VideoModel

    backends = [Backend.objects.for_environment()]
    for number in range(1, BACKENDS):
        backend = Backend.objects.create(name=f"Box {number}", base_url=f"http://box{number}.test/v1")
        backend.models.set(VideoModel.objects.all())
        backends.append(backend)
    numbered = Video.objects.order_by().annotate(
        backend_number=F("pk") % BACKENDS, code=F("pk") % len(_CODES)
    )
    for number, backend in enumerate(backends):
        numbered.filter(backend_number=number).update(backend=backend, finished_at=F("created_at"))
    for number, code in enumerate(_CODES):
        numbered.filter(state=State.FAILED, code=number).update(error_code=code)
    last = Video.objects.order_by("-pk").values_list("pk", flat=True)[0]
    latest = Video.objects.filter(pk__gt=last - min(QUEUED, videos // 20))
    open_again = {"finished_at": None, "due_at": F("created_at"), "file": "", "error_code": ""}
    latest.update(state=State.QUEUED, accepted_at=None, **open_again)
    at_work = Video.objects.filter(pk__gt=last - min(AT_WORK, videos // 500))
    at_work.update(state=State.IN_PROGRESS, accepted_at=F("created_at"))
