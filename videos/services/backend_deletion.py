"""What would be lost with a backend, and what its deletion means, in sentences for staff."""

from collections.abc import Iterator

from videos.formatting import count_of
from videos.models import Backend, Character, DeletedRequest, ReleasedJob, Video


def deletion_obstacles(backend: Backend) -> list[str]:
    """Return what would be lost with the backend, a sentence each; then it is switched off, not deleted."""
    return [sentence for count, sentence in _losses(backend) if count]


def _losses(backend: Backend) -> Iterator[tuple[int, str]]:
    videos = Video.objects.filter(backend=backend).count()
    yield videos, f"Without it nobody could tell what its {count_of(videos, 'video')} cost."
    characters = Character.objects.filter(backend=backend).count()
    yield characters, f"It alone has {count_of(characters, 'character')}."
    released = ReleasedJob.objects.filter(backend=backend, due_at__isnull=False).count()
    yield released, f"It has yet to delete {count_of(released, 'job')} that nobody wants any more."
    lost = DeletedRequest.objects.filter(backend=backend).count()
    yield lost, f"{count_of(lost, 'deleted video')} may have a job there, which is watched for some days."


def deletion_notes(backend: Backend) -> list[str]:
    """Return what becomes of everything else, a sentence each."""
    alone = [
        each.label for each in backend.models.prefetch_related("backends") if len(each.backends.all()) == 1
    ]
    notes = [f"{name} is offered no longer: no other backend serves it." for name in alone[:10]]
    notes += [f"So are {len(alone) - 10} more models."] if len(alone) > 10 else []
    notes += ["Its stored key is forgotten."] if backend.stored_key else []
    notes += ["The settings name it, so it comes back by itself."] if backend.from_environment else []
    return notes
