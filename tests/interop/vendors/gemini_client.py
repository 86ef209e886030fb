"""Run Google's own client against the server in argv, or judge the bodies on stdin. Prints JSON."""

import json
import sys
from typing import Any

from google import genai
from google.genai import types
from google.genai.interactions import CreateModelInteraction, Interaction, VideoResponseFormat


def _client(url: str, key: str, attempts: int | None) -> genai.Client:
    root, _, version = url.rpartition("/")
    retries = None if attempts is None else types.HttpRetryOptions(attempts=attempts, initial_delay=0.01)
    options = types.HttpOptions(base_url=root, api_version=version, timeout=5000, retry_options=retries)
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def _create(client: genai.Client) -> Interaction:
    return client.interactions.create(
        model="gemini-omni-1.1-flash",
        input="A fox",
        background=True,
        response_format={"type": "video", "delivery": "uri", "aspect_ratio": "16:9", "duration": "4s"},
    )


def use(url: str, key: str) -> dict[str, Any]:
    client = _client(url, key, 1)
    job = _create(client)
    done = client.interactions.get(job.id)
    client.interactions.cancel(job.id)
    client.interactions.delete(job.id)
    return {
        "models": [model.name.removeprefix("models/") for model in client.models.list()],
        "created": job.status,
        "status": done.status,
        "url": done.output_video.uri,
    }


def insist(url: str, key: str) -> None:
    """Create once, with the package's own idea of how often."""
    try:
        _create(_client(url, key, None))
    except Exception:  # noqa: BLE001  # whichever of its errors: the server counts the requests
        return


def judge(bodies: list[dict[str, Any]]) -> None:
    for body in bodies:
        request = CreateModelInteraction.model_validate(body)
        assert not request.model_extra, "a field is unknown"
        assert isinstance(request.response_format, VideoResponseFormat)
        assert not request.response_format.model_extra


if __name__ == "__main__":
    if sys.argv[1] == "judge":
        judge(json.load(sys.stdin))
    elif sys.argv[1] == "insist":
        insist(*sys.argv[2:])
    else:
        print(json.dumps(use(*sys.argv[1:])))  # noqa: T201
