"""Videos through a real LiteLLM proxy: what works, how failures are reported, and what is billed."""

import io
from typing import Any

import av
import pytest

from tests.interop.conftest import Services

pytestmark = pytest.mark.usefixtures("clear_faults")


def _generate(services: Services, prompt: str) -> dict[str, Any]:
    created = services.rest.post("/videos/generate", prompt=prompt, model="sora-2", seconds=4)
    return services.rest.wait_until_done(created)


def _duration(content: bytes) -> float:
    with av.open(io.BytesIO(content)) as container:
        return float(sum(frame.duration * frame.time_base for frame in container.decode(video=0)))


def test_a_video_is_created_polled_and_stored(services: Services):
    video = _generate(services, "A heron lifts off a still lake")

    assert video["status"] == "completed", video
    assert round(_duration(services.rest.download(video))) == 4
    assert [entry["kind"] for entry in services.control.accepted_jobs(video["prompt"])] == ["create"]


def test_a_video_is_remixed_edited_and_extended(services: Services):
    source = _generate(services, "A kite over the dunes")
    for verb, kind, fields in (
        ("remix", "remix", {}),
        ("edit", "edit", {}),
        ("extend", "extend", {"seconds": 4}),
    ):
        prompt = f"The kite in the evening, {verb}"
        created = services.rest.post(f"/videos/{source['id']}/{verb}", prompt=prompt, **fields)

        video = services.rest.wait_until_done(created)

        assert video["status"] == "completed", video
        assert video["remixed_from"] == source["id"]
        assert round(_duration(services.rest.download(video))) == (8 if verb == "extend" else 4)
        assert [entry["kind"] for entry in services.control.accepted_jobs(prompt)] == [kind]


def test_a_failed_job_fails_the_video_with_its_error_code(services: Services):
    services.control.inject_fault(on="create", kind="fail_job", times=1, code="moderation_blocked")

    video = _generate(services, "A thing that the filter stops")

    assert video["status"] == "failed"
    assert video["error"]["code"] == "moderation_blocked"


def test_a_refused_request_fails_the_video_and_bills_nothing(services: Services):
    services.control.inject_fault(on="create", kind="refuse", times=1, status=400, message="No herons today.")

    video = _generate(services, "A heron that is refused")

    assert video["status"] == "failed"
    assert "No herons today." in video["error"]["message"]
    assert services.control.accepted_jobs(video["prompt"]) == []


def test_a_lost_response_is_billed_once_and_needs_a_decision(services: Services):
    """The proxy itself would retry twice; and it lists no jobs, so the studio cannot search for them."""
    services.control.inject_fault(on="create", kind="drop_reply", times=3)

    video = _generate(services, "A lighthouse whose answer is lost")

    assert video["needs_decision"]
    assert len(services.control.accepted_jobs(video["prompt"])) == 1


def test_probe_backend_reports_the_proxys_capabilities(services: Services):
    """Its list answers 400 without a provider, and it claims to support remixes."""
    name = services.rest.get("/models")["data"][0]["backend"]["name"]

    probe = services.studio.manage("probe_backend", name)

    assert probe.returncode == 0, probe.stderr
    rows = {line.split()[0]: line for line in probe.stdout.splitlines() if line.strip()}
    assert rows["list"].split()[1:] == ["?", "HTTP", "400."]
    assert rows["remix"].split()[1] == "yes"
