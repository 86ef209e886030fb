"""The clients that openapi-python-client makes of our two OpenAPI files, through everything they can do."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.openai.api_access import ApiAccess, photo
from tests.studio import PROJECT, Studio, wait_until

pytestmark = pytest.mark.e2e

Import = Callable[[str], ModuleType]  # of a module of a generated package
Connect = Callable[[Import], Any]


@pytest.fixture(scope="module")
def access(studio: Studio, simulator: str) -> ApiAccess:
    return ApiAccess(studio, simulator)


@pytest.fixture(scope="module")
def generated(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the packages `rest_client` and `openai_client`, made of what the studio serves."""
    folder = tmp_path_factory.mktemp("generated")
    for package, path in (("rest_client", "/api/openapi.json"), ("openai_client", "/v1/openapi.json")):
        file = folder / f"{package}.json"
        with urlopen(studio.url + path) as reply:  # noqa: S310  # our own studio
            file.write_bytes(reply.read())
        # A warning means that something was left out of the client.
        options = ["--path", str(file), "--output-path", str(folder / package), "--meta", "none"]
        subprocess.run(
            [sys.executable, "-m", "openapi_python_client", "generate", *options, "--fail-on-warning"],
            check=True,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            cwd=PROJECT,
        )
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


def _importer(package: str) -> Import:
    return lambda name: importlib.import_module(f"{package}.{name}")


@pytest.fixture
def rest(generated: Path) -> Import:
    return _importer("rest_client")


@pytest.fixture
def openai(generated: Path) -> Import:
    return _importer("openai_client")


@pytest.fixture
def connect(studio: Studio, access: ApiAccess) -> Iterator[Connect]:
    """Make a client of a generated package, with a token."""
    with ExitStack() as stack:

        def make(package: Import) -> Any:
            client = package("client").AuthenticatedClient(
                base_url=studio.url, token=access.token, raise_on_unexpected_status=True, timeout=60
            )
            stack.callback(client.get_httpx_client().close)
            return client

        yield make


def _until_ended(retrieve: ModuleType, client: Any, video_id: str) -> Any:
    latest: list[Any] = []

    def has_ended() -> bool:
        latest.append(retrieve.sync(video_id, client=client))
        return latest[-1].status not in ("queued", "in_progress")

    wait_until(has_ended)
    return latest[-1]


def _fail_next_job(simulator: str, match: str) -> None:
    rule = {"on": "create", "kind": "fail_job", "times": 1, "match": match}
    body = json.dumps({"rules": [rule]}).encode()
    address = f"{simulator.removesuffix('/v1')}/_simulator/faults"
    urlopen(Request(address, body, {"Content-Type": "application/json"})).close()  # noqa: S310


def test_create_follow_list_and_download(rest: Import, connect: Connect):
    client, models = connect(rest), rest("models")
    retrieve, download = rest("api.videos.retrieve"), rest("api.videos.download")
    body = models.GenerateIn(prompt="Generated boats", model="sora-2", seconds=4, size="1280x720")

    made = rest("api.videos.generate").sync(client=client, body=body, idempotency_key="boats")
    again = rest("api.videos.generate").sync(client=client, body=body, idempotency_key="boats")
    done = _until_ended(retrieve, client, made.id)

    assert (made.id, done.status, done.candidates) == (again.id, "completed", [])
    page = rest("api.videos.videos").sync(client=client, limit=1, q="Generated boats")
    assert ([each.id for each in page.data], page.has_more) == ([made.id], False)
    file = download.sync(done.id, client=client)
    assert file.payload.read()[4:8] == b"ftyp"
    thumbnail = download.sync(done.id, client=client, output_type=models.DownloadOutputType.THUMBNAIL)
    assert thumbnail.payload.read()[8:12] == b"WEBP"
    deleted = rest("api.actions.delete").sync(done.id, client=client)
    assert (deleted.id, deleted.deleted) == (done.id, True)
    assert retrieve.sync(done.id, client=client).error.code == "not_found"


def test_create_with_a_reference_and_derive(rest: Import, connect: Connect):
    client, models = connect(rest), rest("models")
    image = rest("types").File(payload=BytesIO(photo()), file_name="photo.png", mime_type="image/png")
    form = models.GenerateForm(prompt="From a photo", seconds=4, size="1280x720", input_reference=image)

    made = rest("api.videos.generate").sync(client=client, body=form)
    done = _until_ended(rest("api.videos.retrieve"), client, made.id)

    assert (done.status, done.has_reference) == ("completed", True)
    prompt = models.PromptIn(prompt="The same at night")
    remix = rest("api.derivations.remix").sync(done.id, client=client, body=prompt)
    edit = rest("api.derivations.edit").sync(done.id, client=client, body=prompt)
    longer = models.ExtendIn(prompt="And on it goes", seconds=4)
    extended = rest("api.derivations.extend").sync(done.id, client=client, body=longer)
    assert [each.kind for each in (remix, edit, extended)] == ["remix", "edit", "extend"]
    assert {each.remixed_from for each in (remix, edit, extended)} == {done.id}


def test_act_and_be_refused(rest: Import, connect: Connect, simulator: str):
    client, models = connect(rest), rest("models")
    generate, actions = rest("api.videos.generate"), "api.actions."
    _fail_next_job(simulator, "A storm that fails")

    failed = generate.sync(client=client, body=models.GenerateIn(prompt="A storm that fails"))
    failed = _until_ended(rest("api.videos.retrieve"), client, failed.id)
    assert (failed.status, failed.error.code) == ("failed", "moderation_blocked")
    assert "retry" in failed.actions
    retried = rest(actions + "retry").sync(failed.id, client=client, idempotency_key="once more")
    canceled = rest(actions + "cancel").sync(retried.id, client=client)
    assert retried.status == "queued"
    assert canceled.status == "canceled" or canceled.cancel_requested

    adopt = models.AdoptIn(job_id="video_no_such_job")
    answers = [rest(actions + "adopt").sync(retried.id, client=client, body=adopt)]
    answers += [
        rest(actions + name).sync(retried.id, client=client)
        for name in ("check_again", "submit_again", "give_up")
    ]
    assert {type(each).__name__ for each in answers} == {"Refusal"}
    unknown = models.GenerateIn.from_dict({"prompt": "A", "seconds": 5})
    assert generate.sync(client=client, body=unknown).error.param == "seconds"


def test_read_the_catalogue_and_the_usage(rest: Import, connect: Connect):
    client = connect(rest)

    assert "sora-2" in [each.id for each in rest("api.catalogue.models").sync(client=client).data]
    assert rest("api.catalogue.templates").sync(client=client).data
    assert rest("api.usage.spent").sync(client=client).total.videos >= 0


def test_the_videos_api_from_end_to_end(openai: Import, connect: Connect):
    client, models = connect(openai), openai("models")
    image = openai("types").File(payload=BytesIO(photo()), file_name="photo.png", mime_type="image/png")
    create, retrieve = openai("api.videos.create_video"), openai("api.videos.retrieve_video")

    made = create.sync(client=client, body=models.CreateVideo(prompt="Plain", seconds="4", size="1280x720"))
    form = models.CreateVideoForm(prompt="From a photo", seconds="4", size="1280x720", input_reference=image)
    pictured = create.sync(client=client, body=form)
    done = _until_ended(retrieve, client, made.id)

    assert (done.status, _until_ended(retrieve, client, pictured.id).status) == ("completed", "completed")
    file = openai("api.videos.download_video").sync(done.id, client=client)
    assert file.payload.read()[4:8] == b"ftyp"
    assert openai("api.videos.list_videos").sync(client=client, limit=2).data[0].id == pictured.id
    remix = openai("api.derivations.remix_video")
    assert remix.sync(done.id, client=client, body=models.RemixVideo(prompt="At night")).status == "queued"
    source = models.ObjectId(id=done.id)
    edit = models.EditVideo(prompt="In snow", video=source)
    assert openai("api.derivations.edit_video").sync(client=client, body=edit).status == "queued"
    extend = models.ExtendVideo(prompt="On and on", video=source, seconds="4")
    assert openai("api.derivations.extend_video").sync(client=client, body=extend).seconds == "8"
    cast = models.CreateCharacter(name="Ada", video=source)
    ada = openai("api.characters.create_character").sync(client=client, body=cast)
    assert openai("api.characters.retrieve_character").sync(ada.id, client=client).name == "Ada"
    offered = openai("api.models.list_models").sync(client=client).data
    assert openai("api.models.retrieve_model").sync("sora-2", client=client) in offered
    beyond = models.CreateVideo.from_dict({"prompt": "A", "num_frames": 121})
    assert create.sync(client=client, body=beyond).error.param == "num_frames"
    assert openai("api.videos.delete_video").sync(pictured.id, client=client).deleted
