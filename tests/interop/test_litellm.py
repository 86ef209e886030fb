"""The whole life of videos through a real LiteLLM proxy: what works, what fails, and what is paid."""

import io
from typing import Any

import av

from tests.interop.conftest import Place


def _made(place: Place, prompt: str) -> dict[str, Any]:
    asked = place.rest.post("/videos/generate", prompt=prompt, model="sora-2", seconds=4)
    return place.rest.ended(asked)


def _seconds(content: bytes) -> float:
    with av.open(io.BytesIO(content)) as container:
        return float(sum(frame.duration * frame.time_base for frame in container.decode(video=0)))


def test_it_creates_follows_and_stores(place: Place):
    video = _made(place, "A heron lifts off a still lake")

    assert video["status"] == "completed", video
    assert round(_seconds(place.rest.file(video))) == 4
    assert [entry["kind"] for entry in place.control.accepted(video["prompt"])] == ["create"]


def test_it_remixes_edits_and_extends(place: Place):
    source = _made(place, "A kite over the dunes")
    for verb, kind, fields in (
        ("remix", "remix", {}),
        ("edit", "edit", {}),
        ("extend", "extend", {"seconds": 4}),
    ):
        prompt = f"The kite in the evening, {verb}"
        asked = place.rest.post(f"/videos/{source['id']}/{verb}", prompt=prompt, **fields)

        video = place.rest.ended(asked)

        assert video["status"] == "completed", video
        assert video["remixed_from"] == source["id"]
        assert round(_seconds(place.rest.file(video))) == (8 if verb == "extend" else 4)
        assert [entry["kind"] for entry in place.control.accepted(prompt)] == [kind]


def test_a_failed_job_fails_here_with_its_reason(place: Place):
    place.control.inject_fault(on="create", kind="fail_job", times=1, code="moderation_blocked")

    video = _made(place, "A thing that the filter stops")

    assert video["status"] == "failed"
    assert video["error"]["code"] == "moderation_blocked"


def test_a_refusal_fails_it_and_nothing_is_paid(place: Place):
    place.control.inject_fault(on="create", kind="refuse", times=1, status=400, message="No herons today.")

    video = _made(place, "A heron that is refused")

    assert video["status"] == "failed"
    assert "No herons today." in video["error"]["message"]
    assert place.control.accepted(video["prompt"]) == []


def test_a_lost_answer_is_one_job_and_the_owner_is_asked(place: Place):
    """The proxy would try three times by itself, and it lists no jobs, so nobody could look for them."""
    place.control.inject_fault(on="create", kind="drop_reply", times=3)

    video = _made(place, "A lighthouse whose answer is lost")

    assert video["needs_decision"]
    assert len(place.control.accepted(video["prompt"])) == 1


def test_a_look_at_it_says_what_it_can(place: Place):
    """Its list answers 400 unless told a provider, and it says of itself that it remixes."""
    name = place.rest.get("/models")["data"][0]["backend"]["name"]

    found = place.studio.manage("probe_backend", name)

    assert found.returncode == 0, found.stderr
    rows = {line.split()[0]: line for line in found.stdout.splitlines() if line.strip()}
    assert rows["list"].split()[1:] == ["?", "HTTP", "400."]
    assert rows["remix"].split()[1] == "yes"
