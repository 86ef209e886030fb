"""What holds for every driver of the registry, and for one that is as small as a driver can be."""

import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings

from tests.backends.conftest import KEY
from tests.backends.server import Server, reply
from videos.backends import Client, ClipFile, Connection, Job, ReferenceFile, RefusedError, UnavailableError
from videos.backends.capability import Capability
from videos.backends.client import probe
from videos.backends.download import Download
from videos.backends.drivers.interface import Driver
from videos.backends.drivers.registry import driver_class
from videos.backends.parameters import NO_PARAMETERS, ParameterValue
from videos.backends.probe_report import OnCheck, ProbeReport, failed_report, ignore_check
from videos.backends.service_kinds import SERVICES, Service
from videos.models import Backend

ADDRESS = "http://127.0.0.1:1/v1"
JOB = Job("job_1", "queued", "queued")


class SmallDriver(Driver):
    """Can make a video and follow it, and nothing else."""

    async def aclose(self) -> None:
        pass

    async def create(
        self,
        *,
        prompt: str,
        model: str,
        seconds: int,
        size: str,
        reference: ReferenceFile | None = None,
        last_frame: ReferenceFile | None = None,
        references: Sequence[ReferenceFile] = (),
        characters: Sequence[str] = (),
        parameters: Mapping[str, ParameterValue] = NO_PARAMETERS,
        idempotency_key: str = "",
    ) -> Job:
        return JOB

    async def retrieve(self, job_id: str, *, deadline: float | None = None) -> Job:
        if job_id != JOB.id:
            raise RefusedError("No such job.", code="not_found")
        return JOB

    async def download(self, job_id: str, url: str | None = None) -> Download:
        raise UnavailableError("Not yet.", code="content_not_ready")

    async def probe(self, on_check: OnCheck = ignore_check) -> ProbeReport:
        return failed_report("It is down.")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setitem(SERVICES, "small", Service("Small", f"{__name__}:SmallDriver"))
    return Connection(ADDRESS, KEY, service="small")


def clip() -> ClipFile:
    return ClipFile("video.mp4", BytesIO(b"video"))


NEEDS: dict[Capability, Callable[[Client], object]] = {
    Capability.LIST: lambda client: client.list(),
    Capability.DELETE: lambda client: client.delete("job_1"),
    Capability.REMIX: lambda client: client.remix("job_1", "snow", model="sora-2"),
    Capability.EDIT: lambda client: client.edit("snow", "job_1", model="sora-2"),
    Capability.EXTEND: lambda client: client.extend("snow", 4, "job_1", model="sora-2"),
    Capability.CHARACTERS: lambda client: client.create_character("Ada", clip()),
}


@pytest.mark.parametrize("name", SERVICES)
def test_every_driver_keeps_to_the_interface(name: str) -> None:
    driver = driver_class(name)
    assert issubclass(driver, Driver)
    assert not driver.__abstractmethods__
    assert driver.capabilities <= set(Capability)


def test_a_driver_that_lacks_a_method_cannot_be_opened() -> None:
    class Lacking(SmallDriver):
        probe = Driver.probe

    with pytest.raises(TypeError, match="probe"):
        Lacking(Connection(ADDRESS, KEY))


def test_a_name_that_no_driver_has() -> None:
    with pytest.raises(UnavailableError) as caught:
        Client(Connection(ADDRESS, KEY, service="telepathy"))
    assert caught.value.code == "unknown_driver"
    assert "videos-api" in caught.value.detail


def test_a_client_works_with_any_driver(small: Connection) -> None:
    with Client(small) as client:
        assert client.create(prompt="a cat", model="sora-2", seconds=4, size="1280x720") == JOB
        found = client.retrieve_many(["job_1", "job_2", "job_1"], concurrency=2)
        with pytest.raises(UnavailableError), client.download("job_1"):
            pass
    assert list(found) == ["job_1", "job_2"]
    assert found["job_1"] == JOB
    assert isinstance(found["job_2"], RefusedError)
    assert probe(small).problem == "It is down."


@pytest.mark.parametrize("capability", NEEDS)
def test_what_a_driver_cannot_do_is_refused(small: Connection, capability: Capability) -> None:
    with Client(small) as client, pytest.raises(RefusedError) as caught:
        NEEDS[capability](client)
    assert caught.value.code == "unsupported"


def test_a_probe_says_when_the_settings_cannot_work() -> None:
    assert "address in the settings is wrong" in probe(Connection("ftp://host", KEY)).problem
    assert "telepathy" in probe(Connection(ADDRESS, KEY, service="telepathy")).problem


def test_capabilities_are_fields_of_a_backend() -> None:
    assert set(Capability) <= {field.name for field in Backend._meta.get_fields()}


@pytest.mark.parametrize("capability", [Capability.REMIX, Capability.EDIT, Capability.EXTEND])
def test_a_job_made_from_a_job_can_be_found_behind_a_litellm_proxy(
    serve: Callable[..., Server], connect: Callable[..., Client], capability: Capability
) -> None:
    def job_id(model: str) -> str:
        text = f"litellm:custom_llm_provider:openai;model_id:{model};video_id:video_123"
        return "video_" + b64encode(text.encode()).decode()

    server = serve(reply(200, {"id": job_id(""), "status": "queued"}))
    job = NEEDS[capability](connect(server))
    assert isinstance(job, Job)
    assert job.id == job_id("sora-2")


def test_the_web_process_imports_no_drivers_package_before_it_uses_one() -> None:
    script = (
        "import django; django.setup(); import contentgen.urls, videos.api.openai.urls, sys;"
        "sys.exit(', '.join({'av', 'numpy', 'openai', 'google', 'tenacity'} & set(sys.modules)) or 0)"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "contentgen.settings", "DATA_DIR": str(settings.DATA_DIR)}
    subprocess.run([sys.executable, "-c", script], env={**environment, "ENV_FILE": ""}, check=True)


def test_nothing_but_the_drivers_knows_a_vendor() -> None:
    """A fifth one must touch no engine, page or admin. Variables of keys are named without a driver, too, and
    the robots that draw previews of links, and stores for files, are other services of theirs. What drivers
    write and name is listed for translation, because they know no Django.
    """
    project = Path(__file__).parents[2]
    vendors = re.compile(r"openrouter|gemini|together[_ .-]?ai|google", re.IGNORECASE)
    files = [
        path
        for folder in ("videos", "accounts", "contentgen", "templates", "static/js")
        for path in (project / folder).rglob("*")
        if path.suffix in {".py", ".html", ".js"}
        and "videos/backends" not in str(path)
        and path.name not in ("key_names.py", "share_visits.py", "storage_address.py", "google_storage.py")
        and path.name not in ("backend_sentences.py", "backend_labels.py")
    ]
    assert len(files) > 200
    knowing = {str(path.relative_to(project)) for path in files if vendors.search(path.read_text())}
    assert knowing == set()
