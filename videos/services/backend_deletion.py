"""What would be lost with a backend, and what its deletion means, in sentences for staff."""

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from videos.models import Backend, Character, DeletedRequest, ReleasedJob, Video


def deletion_obstacles(backend: Backend) -> list[str]:
    """Return what would be lost with the backend, a sentence each; then it is switched off, not deleted."""
    return [sentence % {"count": count} for count, sentence in _losses(backend) if count]


def _losses(backend: Backend) -> Iterator[tuple[int, str]]:
    videos = Video.objects.filter(backend=backend).count()
    yield (
        videos,
        ngettext(
            "Without it nobody could tell what its %(count)d video cost.",
            "Without it nobody could tell what its %(count)d videos cost.",
            videos,
        ),
    )
    characters = Character.objects.filter(backend=backend).count()
    yield (
        characters,
        ngettext("It alone has %(count)d character.", "It alone has %(count)d characters.", characters),
    )
    released = ReleasedJob.objects.filter(backend=backend, due_at__isnull=False).count()
    yield (
        released,
        ngettext(
            "It has yet to delete %(count)d job that nobody wants any more.",
            "It has yet to delete %(count)d jobs that nobody wants any more.",
            released,
        ),
    )
    lost = DeletedRequest.objects.filter(backend=backend).count()
    yield (
        lost,
        ngettext(
            "%(count)d deleted video may have a job there, which is watched for some days.",
            "%(count)d deleted videos may have a job there, which is watched for some days.",
            lost,
        ),
    )


def deletion_notes(backend: Backend) -> list[str]:
    """Return what becomes of everything else, a sentence each."""
    alone = [
        each.label for each in backend.models.prefetch_related("backends") if len(each.backends.all()) == 1
    ]
    offered = gettext("%(model)s is offered no longer: no other backend serves it.")
    notes = [offered % {"model": name} for name in alone[:10]]
    if len(alone) > 10:
        notes.append(gettext("So are %(number)s more models.") % {"number": len(alone) - 10})
    if backend.stored_key:
        notes.append(gettext("Its stored key is forgotten."))
    if backend.from_environment:
        notes.append(gettext("The settings name it, so it comes back by itself."))
    return notes
