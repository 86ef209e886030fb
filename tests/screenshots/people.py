"""Run beside the studio, with its settings: gives alice a full library, bob a busy one and carol nothing.

Alice's films are really made, by the simulator. What bob waits for only says so: its rows are put out of the
engine's sight, so that nothing moves while the pictures are taken.
"""

import os
import time
from dataclasses import replace
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")
django.setup()

from django.conf import settings  # noqa: E402 - models come after the set-up
from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from tests.screenshots import prompts  # noqa: E402
from tests.screenshots.cast import PASSWORD  # noqa: E402
from videos.services.characters import create_character_from_video
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.library import add_tag, move_to_trash, set_favourite, set_note
from videos.services.references import rename_reference, keep_reference
from videos.services.videos import create_video, create_videos, make_takes  # noqa: E402
from videos.media.reference import open_reference  # noqa: E402
from videos.models import IN_FLIGHT, PromptTemplate, ReferenceImage, State, Video  # noqa: E402
from videos.models.video import new_public_id  # noqa: E402
from videos.services.videos import GenerationRequest  # noqa: E402

TOMORROW = timedelta(days=1)
_MOMENTS = ("created_at", "attempted_at", "accepted_at", "generated_at", "finished_at")


def main() -> None:
    if User.objects.filter(username="carol").exists():
        return
    alice = User.objects.get(username="alice")
    films = _films(alice)
    _takes(alice, _pictures(alice))
    _family(alice, films[0])
    _keep_in_order(alice, films)
    _busy(User.objects.create_user("bob", password=PASSWORD), films)
    User.objects.create_user("carol", password=PASSWORD)


def _films(owner: User) -> list[Video]:
    """Half of them made, the other half rows that show the files of the first: drawing takes long."""
    wishes = [
        GenerationRequest(prompt=prompt, model=model, size=size, seconds=seconds)
        for prompt, (model, size), seconds in prompts.FILMS
    ]
    made = create_videos(owner, wishes)
    _wait()
    for film in made:
        film.refresh_from_db()
    return [*made, *(_copy(film, owner, f"{film.prompt}, in the evening") for film in made)]


def _pictures(owner: User) -> list[ReferenceImage]:
    """Stills of the templates stand for what people upload."""
    stills = sorted((settings.BASE_DIR / "static" / "templates").glob("*.webp"))
    kept = []
    for still in stills:
        picture = open_reference(still.read_bytes(), max_bytes=settings.MAX_FILE_SIZE)
        kept.append(keep_reference(owner, picture))
    for image in kept[::2]:
        rename_reference(image, stills[kept.index(image)].stem.replace("-", " ").capitalize())
    return kept


def _takes(owner: User, pictures: list[ReferenceImage]) -> None:
    model, size = prompts.WIDE
    wish = GenerationRequest(prompt=prompts.TAKEN, model=model, size=size, seconds=4)
    create_videos(owner, make_takes(wish, 3))
    create_video(owner, replace(wish, prompt=prompts.FROM_PICTURE, reference=pictures[-1]))
    _wait()


def _copy(film: Video, owner: User, prompt: str) -> Video:
    """Another row that shows the same file."""
    twin = Video.objects.get(pk=film.pk)
    twin.pk, twin.public_id, twin.backend_job_id = None, new_public_id(), ""
    twin.owner, twin.prompt = owner, prompt
    twin.save(force_insert=True)
    return twin


def _wait() -> None:
    while Video.objects.filter(state__in=IN_FLIGHT).exists():
        time.sleep(1)


def _family(owner: User, first: Video) -> None:
    remix = remix_video(owner, first, prompts.REMIX)
    edit_video(owner, first, prompts.EDIT)
    extend_video(owner, first, prompts.EXTENSION, 4)
    create_character_from_video(owner, "The keeper of the lamp", first)
    _wait()
    remix.refresh_from_db()
    remix_video(owner, remix, prompts.REMIX_AGAIN)
    _wait()


def _keep_in_order(owner: User, films: list[Video]) -> None:
    set_favourite(films[::5], on=True)
    add_tag(owner, films[::4], "autumn spot")
    add_tag(owner, films[1::6], "for review")
    add_tag(owner, films[:2], "homepage")
    set_note(films[0], "The second half is the better one; ask Mara about the music before Friday.")
    move_to_trash(films[-3:])
    for title, prompt in (
        ("Lamp over {water}", "A lighthouse at {time|dawn,dusk}, its lamp sweeping over {water}"),
        ("Slow hands", "Close-up of hands that {do}, {light|backlit,soft window light}, shallow focus"),
    ):
        PromptTemplate.objects.create(owner=owner, title=title.replace("{water}", "water"), prompt=prompt)
    # So that the past looks like one: the pages tell when things were made.
    for number, film in enumerate(films):
        earlier = timedelta(hours=7 * (len(films) - number))
        moments = {name: F(name) - earlier for name in _MOMENTS}
        Video.objects.filter(pk=film.pk).update(**moments)


def _busy(owner: User, films: list[Video]) -> None:
    for film in films[1:6]:
        _copy(film, owner, film.prompt)
    now, backend = timezone.now(), films[0].backend
    accepted = {"attempted_at": now - timedelta(seconds=50), "accepted_at": now - timedelta(seconds=47)}
    stands: list[tuple[State, dict[str, object]]] = [
        (State.QUEUED, {}),
        (State.QUEUED, {}),
        (State.IN_PROGRESS, {**accepted, "progress": 8}),
        (State.IN_PROGRESS, {**accepted, "progress": 64}),
        (State.IN_PROGRESS, {**accepted, "progress": None}),
        (State.STORING, {**accepted, "progress": 100, "generated_at": now}),
        (State.UNCERTAIN, {"due_at": None, "attempted_at": now - timedelta(minutes=3)}),
        (
            State.FAILED,
            {
                **accepted,
                "due_at": None,
                "finished_at": now,
                "error_code": "moderation_blocked",
                "error_message": "The backend blocked it: the prompt goes against its content policy.",
            },
        ),
    ]
    sizes = ["1280x720", "720x1280", "1280x720", "720x1280", "1792x1024", "1280x720", "1280x720", "720x1280"]
    for number, (prompt, (state, fields), size) in enumerate(
        zip(prompts.UNDER_WAY, stands, sizes, strict=True)
    ):
        row = {"due_at": now + TOMORROW, "model": "sora-2", "seconds": 4, "price": "0.40", **fields}
        job = f"still_{number}" if "accepted_at" in fields else ""
        Video.objects.create(
            owner=owner, backend=backend, prompt=prompt, size=size, state=state, backend_job_id=job, **row
        )


if __name__ == "__main__":
    main()
