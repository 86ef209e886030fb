"""A variant of a video: everything as it was asked for, and another seed."""

from dataclasses import replace

from videos.models import Collection, Fit, Kind, State, Video
from videos.parameters import SEED
from videos.services.generation_requests import GenerationRequest, request_of


def can_vary(video: Video) -> bool:
    """Whether a variant can be asked for: of a finished video that was made from a prompt alone, because what
    another video was made into depends on that one.
    """
    return video.state == State.COMPLETED and video.kind == Kind.CREATE and video.trashed_at is None


def variant_of(video: Video) -> GenerationRequest:
    """Return the request for a variant, in the collection that the video was made in, if its owner may still
    put something there. Its own backend makes it: another one may be dearer, or make something else, so that
    is refused, by field (`backend`). Three queries at most.
    """
    editable = Collection.objects.editable_by(video.owner).filter(pk=video.made_in_id or 0)
    return replace(
        request_of(video),
        backend=video.backend.name,
        fit=Fit(video.reference_fit),
        parameters={name: value for name, value in video.parameters.items() if name != SEED},
        collections=tuple(editable),
    )
