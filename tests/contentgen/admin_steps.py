"""What staff can try in the administration, with the rows of `admin_rows`."""

from typing import Any

from tests.admin.model_forms import size_rows
from tests.contentgen.admin_rows import ADDRESS, OTHER, PK, ROOT
from tests.contentgen.admin_step import Step, action, is_gone
from tests.contentgen.admin_steps_people import steps_with_people
from videos.models import (
    Backend,
    Character,
    PromptTemplate,
    ReferenceImage,
    State,
    StudioState,
    Video,
    VideoModel,
)


def _backend() -> Backend:
    return Backend.objects.get(pk=PK)


def _video(pk: int = PK) -> Video:
    return Video.objects.get(pk=pk)


BOX = {
    "name": "Box",
    "base_url": ADDRESS,
    "key_env": "BACKEND_KEY_BOX",
    "service": "videos-api",
    "timeout": 60,
    "max_in_flight": 4,
    "requests_per_minute": "",
    "job_retention": "studio",
    "enabled": "on",
    "position": 0,
}
TEMPLATE = {"title": "Ours", "prompt": "A fox", "enabled": "on", "position": 0, "picture": "", "owner": ""}
MODEL = {
    "name": "sora-9",
    "label": "Sora 9",
    "lengths": "4",
    **size_rows(("1280x720", "")),
    "enabled": "on",
    "position": 0,
}


def _listed(pk: int, **row: Any) -> dict[str, Any]:
    """What the list sends when its own columns are edited."""
    counts = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "_save": "Save"}
    return {**counts, "form-0-id": pk, **{f"form-0-{name}": value for name, value in row.items()}}


BACKEND, VIDEO = "videos/backend/", "videos/video/"
TEMPLATES, MODELS = "videos/prompttemplate/", "videos/videomodel/"
CHANGE = f"{PK}/change/"


def all_steps() -> list[Step]:
    """Everything that can be done in the administration, and what only superusers should get done."""
    return [*steps_with_people(), *_steps_with_backends(), *_steps_with_videos(), *_steps_with_settings()]


def _steps_with_backends() -> list[Step]:
    return [
        Step("limit a backend", BACKEND + CHANGE, {**BOX, "timeout": 9}, lambda: _backend().timeout == 9),
        Step(
            "move a backend",
            BACKEND + CHANGE,
            {**BOX, "base_url": "http://evil.test/v1", "confirm_key": "on"},
            lambda: "evil" in _backend().base_url,
        ),
        Step(
            "send a backend another key",
            BACKEND + CHANGE,
            {**BOX, "key_env": "OPENAI_API_KEY"},
            lambda: _backend().key_env == "OPENAI_API_KEY",
        ),
        Step(
            "let a backend name what is inside",
            BACKEND + CHANGE,
            {**BOX, "in_private_network": "true"},
            lambda: _backend().in_private_network is True,
        ),
        Step(
            "confirm a key",
            BACKEND,
            action("confirm_key"),
            lambda: _backend().key_confirmed_for == _backend().key_destination,
        ),
        Step(
            "confirm a key on its page",
            BACKEND + CHANGE,
            {**BOX, "confirm_key": "on"},
            lambda: _backend().key_confirmed_for == _backend().key_destination,
        ),
        Step(
            "add a backend",
            f"{BACKEND}add/",
            {**BOX, "name": "New"},
            lambda: Backend.objects.filter(name="New").exists(),
        ),
        Step(
            "switch a backend off",
            BACKEND,
            action("switch_off", confirmed="yes"),
            lambda: not _backend().enabled,
        ),
        Step(
            "pause a backend",
            BACKEND,
            action("pause", confirmed="yes", reason="Moves"),
            lambda: _backend().pause_reason == "Moves",
        ),
        Step("probe a backend", BACKEND, action("probe"), lambda: _backend().can_list is True),
        Step("resume a backend", BACKEND, action("resume"), lambda: _backend().paused_until is None),
        Step(
            "delete a backend", f"{BACKEND}{OTHER}/delete/", {"post": "yes"}, lambda: is_gone(Backend, OTHER)
        ),
    ]


def _steps_with_videos() -> list[Step]:
    return [
        Step(
            "cancel a video",
            VIDEO,
            action("cancel", confirmed="yes"),
            lambda: _video().state == State.CANCELED,
        ),
        Step(
            "retry a video",
            VIDEO,
            action("retry", OTHER, confirmed="yes"),
            lambda: _video(OTHER).state == State.QUEUED,
        ),
        Step(
            "mark a video as failed",
            VIDEO,
            action("give_up", ROOT, confirmed="yes"),
            lambda: _video(ROOT).state == State.FAILED,
        ),
        Step(
            "assign a job",
            f"{VIDEO}{ROOT}/adopt",
            {"job_id": "job_9"},
            lambda: _video(ROOT).backend_job_id == "job_9",
        ),
        Step(
            "delete a video",
            f"{VIDEO}{OTHER}/delete/",
            {"post": "yes"},
            lambda: _video(OTHER).deleted_at is not None,
        ),
        Step(
            "edit a video",
            VIDEO + CHANGE,
            {"prompt": "Another"},
            lambda: _video().prompt == "Another",
        ),
        Step(
            "delete a character",
            f"videos/character/{PK}/delete/",
            {"post": "yes"},
            lambda: not Character.objects.filter(pk=PK, deleted_at=None).exists(),
        ),
        Step(
            "delete a reference",
            f"videos/referenceimage/{PK}/delete/",
            {"post": "yes"},
            lambda: not ReferenceImage.objects.filter(pk=PK, deleted_at=None).exists(),
        ),
    ]


def _steps_with_settings() -> list[Step]:
    return [
        Step(
            "share a template",
            f"{TEMPLATES}add/",
            TEMPLATE,
            lambda: PromptTemplate.objects.filter(title="Ours", owner=None).exists(),
        ),
        Step(
            "share a template in the studio",
            "/templates/new",
            {**TEMPLATE, "everybody": "on"},
            lambda: PromptTemplate.objects.filter(title="Ours", owner=None).exists(),
        ),
        Step(
            "edit a template",
            TEMPLATES + CHANGE,
            {**TEMPLATE, "title": "Edited"},
            lambda: PromptTemplate.objects.get(pk=PK).title == "Edited",
        ),
        Step(
            "switch a template off",
            TEMPLATES,
            _listed(PK, position=0),
            lambda: not PromptTemplate.objects.get(pk=PK).enabled,
        ),
        Step(
            "delete a template", f"{TEMPLATES}{PK}/delete/", {"post": "yes"}, lambda: is_gone(PromptTemplate)
        ),
        Step(
            "add a model", f"{MODELS}add/", MODEL, lambda: VideoModel.objects.filter(name="sora-9").exists()
        ),
        Step(
            "edit a model",
            MODELS + CHANGE,
            {**MODEL, "name": "model", "label": "Edited"},
            lambda: VideoModel.objects.get(pk=PK).label == "Edited",
        ),
        Step("delete a model", f"{MODELS}{PK}/delete/", {"post": "yes"}, lambda: is_gone(VideoModel)),
        Step(
            "hold submissions",
            "videos/studiostate/",
            {"action": "hold", "note": "x"},
            lambda: StudioState.objects.filter(held_at__isnull=False).exists(),
        ),
    ]
