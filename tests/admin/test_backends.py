from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.admin.model_forms import size_rows
from tests.factories import BackendFactory, VideoFactory
from tests.simulator.conftest import StartSimulator
from videos.models import Backend, ReleasedJob, State, VideoModel

pytestmark = pytest.mark.django_db

LIST = "admin:videos_backend_changelist"


def _form(**changes: object) -> dict[str, object]:
    form = {
        "name": "Ours",
        "service": "videos-api",
        "base_url": "http://vllm:8000/v1",
        "key_env": "",
        "timeout": 30,
        "max_in_flight": 2,
        "job_retention": "studio",
    }
    return {**form, "requests_per_minute": "", "enabled": "on", "position": 0, **changes}


def _change(client: Client, backend: Backend, **changes: object):
    return client.post(reverse("admin:videos_backend_change", args=[backend.pk]), _form(**changes))


def test_limits_are_edited_also_where_the_address_is_inside_a_private_network(as_carol: Client):
    backend = BackendFactory()

    assert _change(as_carol, backend, base_url="http://vllm:8000/v1/").status_code == 302

    backend.refresh_from_db()
    assert (backend.max_in_flight, backend.timeout, backend.base_url) == (2, 30, "http://vllm:8000/v1")


@pytest.mark.parametrize(
    "address",
    ["", "vllm:8000/v1", "ftp://vllm/v1", "http://vllm:8000", "http://me:secret@vllm/v1", "http://[/v1"],
)
def test_an_address_that_cannot_work_is_refused(as_carol: Client, address: str):
    backend = BackendFactory()

    response = _change(as_carol, backend, base_url=address)

    assert "base_url" in response.context["adminform"].errors
    assert Backend.objects.get(pk=backend.pk).base_url == backend.base_url


def test_saving_does_not_end_a_pause_that_began_meanwhile(as_carol: Client):
    backend = BackendFactory(name="Before")
    until = timezone.now() + timedelta(hours=1)
    Backend.objects.filter(pk=backend.pk).update(paused_until=until)

    _change(as_carol, backend)

    backend.refresh_from_db()
    assert (backend.name, backend.paused_until) == ("Ours", until)


def test_the_simulators_address_is_shown_and_not_asked_for(as_carol: Client, settings):
    simulator = Backend.objects.for_environment()

    page = as_carol.get(reverse("admin:videos_backend_change", args=[simulator.pk])).content.decode()

    assert settings.SIMULATOR_URL in page
    assert 'name="base_url"' not in page


def test_the_key_itself_is_never_shown(as_carol: Client, monkeypatch):
    monkeypatch.setenv("BACKEND_KEY_OURS", "sk-secret")
    backend = BackendFactory(key_env="BACKEND_KEY_OURS")

    for address in (reverse(LIST), reverse("admin:videos_backend_change", args=[backend.pk])):
        page = as_carol.get(address).content.decode()
        assert "BACKEND_KEY_OURS is set" in page
        assert "sk-secret" not in page


def test_a_pause_is_shown_and_ended(as_carol: Client):
    until = timezone.now() + timedelta(hours=1)
    resting = BackendFactory(paused_until=until, pause_reason="The key was refused.")
    busy = BackendFactory()
    assert "The key was refused." in as_carol.get(reverse(LIST)).content.decode()

    data = {"action": "resume", "index": "0", "_selected_action": [resting.pk, busy.pk]}
    response = as_carol.post(reverse(LIST), data)

    assert [str(m) for m in get_messages(response.wsgi_request)] == ["1 resumed; 1 not paused."]
    resting.refresh_from_db()
    assert (resting.paused_until, resting.pause_reason) == (None, "")
    assert LogEntry.objects.get().object_id == str(resting.pk)


def test_the_list_counts_what_runs_and_what_waits(as_carol: Client):
    backend = BackendFactory()
    for state, count in ((State.QUEUED, 3), (State.IN_PROGRESS, 2), (State.COMPLETED, 1)):
        VideoFactory.create_batch(count, backend=backend, state=state)

    page = as_carol.get(reverse(LIST)).content.decode()

    assert '<td class="field-running">2 of 4</td><td class="field-waiting">3</td>' in page


def test_one_is_added_with_its_models(as_carol: Client):
    models = [VideoModel.objects.get(name="sora-2").pk]

    answer = as_carol.post(
        reverse("admin:videos_backend_add"), _form(models=models, key_env="BACKEND_KEY_OURS")
    )

    assert answer.status_code == 302
    backend = Backend.objects.get(name="Ours")
    assert [model.name for model in backend.models.all()] == ["sora-2"]
    assert (backend.key_env, backend.from_environment) == ("BACKEND_KEY_OURS", False)
    assert backend.can_list is None
    assert Backend.objects.in_use() == [backend]


@pytest.mark.parametrize("key", ["sk-verysecret", "9LIVES", "OUR KEY"])
def test_a_key_in_place_of_its_variables_name_is_refused(as_carol: Client, key: str):
    answer = as_carol.post(reverse("admin:videos_backend_add"), _form(key_env=key))

    assert "never the key itself" in str(answer.context["adminform"].errors["key_env"])
    assert not Backend.objects.exists()


def test_a_name_is_given_once(as_carol: Client):
    BackendFactory(name="Ours")

    answer = as_carol.post(reverse("admin:videos_backend_add"), _form())

    assert "name" in answer.context["adminform"].errors
    assert Backend.objects.count() == 1


def test_capabilities_and_models_are_set_by_hand(as_carol: Client):
    backend = BackendFactory(can_edit=True)
    backend.models.set(VideoModel.objects.all())
    pro = VideoModel.objects.get(name="sora-2-pro")

    _change(as_carol, backend, models=[pro.pk], set_can_list="always", set_can_remix="never", set_can_edit="")

    backend.refresh_from_db()
    assert (backend.can_list, backend.can_remix, backend.can_edit) == (True, False, True)
    assert backend.capabilities_set == {"can_list": True, "can_remix": False}
    assert list(backend.models.all()) == [pro]


def _probe(client: Client, *backends: Backend):
    data = {"action": "probe", "index": "0", "_selected_action": [backend.pk for backend in backends]}
    return client.post(reverse(LIST), data)


def test_the_action_probes_and_tells(as_carol: Client, start_simulator: StartSimulator):
    up = BackendFactory(name="Up", probed_at=None, base_url=f"{start_simulator().url}/v1")
    down = BackendFactory(name="<Down>", probed_at=None, base_url="http://127.0.0.1:9/v1")

    answer = _probe(as_carol, up, down)

    texts = sorted(str(message) for message in get_messages(answer.wsgi_request))
    assert texts[0].startswith("&lt;Down&gt;: The backend cannot be reached.")
    assert "sora-2, sora-2-pro" in texts[1]
    up.refresh_from_db()
    down.refresh_from_db()
    assert (up.can_list, up.can_remix) == (True, True)
    assert (down.can_list, down.probed_at) == (None, None)


def test_those_who_may_only_look_cannot_probe(staff, start_simulator: StartSimulator):
    simulator = start_simulator()
    backend = BackendFactory(probed_at=None, base_url=f"{simulator.url}/v1")

    _probe(staff("view_backend"), backend)

    assert simulator.http.get("/_simulator/ledger").json()["requests"] == {}
    assert Backend.objects.get(pk=backend.pk).probed_at is None


def test_one_with_videos_stays(as_carol: Client):
    backend = VideoFactory(state=State.COMPLETED).backend

    as_carol.post(reverse("admin:videos_backend_delete", args=[backend.pk]), {"post": "yes"})

    assert Backend.objects.filter(pk=backend.pk).exists()


def test_the_list_tells_who_takes_jobs(as_carol: Client):
    simulator = Backend.objects.for_environment()
    BackendFactory(enabled=False).models.set(VideoModel.objects.all())
    page = as_carol.get(reverse(LIST)).content.decode()
    assert (page.count(">Ready<"), page.count(">On standby<"), page.count(">Switched off<")) == (1, 0, 1)

    BackendFactory().models.set(VideoModel.objects.all())

    page = as_carol.get(reverse(LIST)).content.decode()
    assert (page.count(">Ready<"), page.count(">On standby<"), page.count(">Switched off<")) == (1, 1, 1)
    assert Backend.objects.get(pk=simulator.pk).enabled


def test_a_hosted_service_needs_no_address(as_carol: Client):
    page = as_carol.get(reverse("admin:videos_backend_add"), {"by_hand": 1}).content.decode()
    assert "OpenRouter" in page

    form = _form(name="Cloud", service="openrouter", base_url="", key_env="OPENROUTER_API_KEY")
    assert as_carol.post(reverse("admin:videos_backend_add"), form).status_code == 302

    backend = Backend.objects.get(name="Cloud")
    assert (backend.service, backend.base_url) == ("openrouter", "https://openrouter.ai/api/v1")


def test_a_service_that_there_is_no_driver_for_is_refused_at_its_field(as_carol: Client):
    response = as_carol.post(reverse("admin:videos_backend_add"), _form(service="telepathy"))

    assert "service" in response.context["adminform"].errors
    assert not Backend.objects.filter(name="Ours").exists()


def test_a_backend_that_is_not_polled_says_so_and_can_be_asked_again(as_carol: Client):
    until = timezone.now() + timedelta(minutes=5)
    backend = BackendFactory(reads_paused_until=until, read_pause_count=7)
    assert "not polled until" in as_carol.get(reverse(LIST)).content.decode()

    as_carol.post(reverse(LIST), {"action": "resume", "_selected_action": [backend.pk]})

    backend.refresh_from_db()
    assert (backend.reads_paused_until, backend.read_pause_count) == (None, 0)


@pytest.mark.parametrize(
    ("address", "slots"),
    [("http://vllm:8000/v1", 1), ("http://10.0.0.7:8091/v1", 1), ("https://videos.example.org/v1", 4)],
)
def test_without_a_number_a_server_of_ones_own_gets_one_job_at_a_time(
    as_carol: Client, address: str, slots: int
):
    form = _form(base_url=address, max_in_flight="")

    assert as_carol.post(reverse("admin:videos_backend_add"), form).status_code == 302

    assert Backend.objects.get(name="Ours").max_in_flight == slots


def test_a_backend_and_a_model_have_time_limits(as_carol: Client):
    backend = BackendFactory()
    assert _change(as_carol, backend, generation_timeout=7200).status_code == 302
    backend.refresh_from_db()
    assert backend.generation_timeout == 7200
    refused = _change(as_carol, backend, generation_timeout=0)
    assert "greater than or equal to 1" in str(refused.context["errors"])

    model = VideoModel.objects.get(name="sora-2")
    page = reverse("admin:videos_videomodel_change", args=[model.pk])
    form = {"name": "sora-2", "label": "Sora 2", "position": 0, "generation_timeout": 5400}
    lists = {"lengths": "4", **size_rows(("1280x720", ""))}
    response = as_carol.post(page, form | lists)
    assert response.status_code == 302, response.context["errors"]
    assert "1 hour 30 minutes" in as_carol.get(reverse("admin:videos_videomodel_changelist")).content.decode()


def test_the_list_counts_what_a_backend_has_not_let_go_of(as_carol: Client):
    backend = BackendFactory(max_in_flight=1)
    VideoFactory(backend=backend, state=State.CANCELED, due_at=timezone.now())
    VideoFactory(backend=backend, state=State.CANCELED, due_at=None)
    ReleasedJob.objects.create(backend=backend, backend_job_id="running", due_at=timezone.now())
    ReleasedJob.objects.create(backend=backend, backend_job_id="ended")

    assert '<td class="field-running">2 of 1</td>' in as_carol.get(reverse(LIST)).content.decode()


def test_the_list_says_that_finished_videos_come_first(as_carol: Client):
    VideoFactory.create_batch(8, backend=BackendFactory(max_in_flight=1), state=State.STORING)

    page = as_carol.get(reverse(LIST)).content.decode()

    assert "Waiting: 8 finished videos are still to be stored" in page
