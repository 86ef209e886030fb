"""Run Together's own client against the server in argv, or judge the bodies on stdin. Prints JSON."""

import json
import sys
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from together import Together
from together.types.video_create_params import Media, MediaFrameImage, VideoCreateParams
from together.types.video_job import VideoJob


def use(url: str, key: str) -> dict[str, Any]:
    client = Together(api_key=key, base_url=url.removesuffix("/v2"), max_retries=0)
    models = client.get("/v1/models", cast_to=object)
    job = client.videos.create(
        model="google/veo-3.0-audio", prompt="A fox", seconds="4", width=1280, height=720
    )
    done = client.videos.retrieve(job.id)
    VideoJob.model_validate(done.model_dump(), strict=False)
    return {
        "models": [model["id"] for model in models if model["type"] == "video"],
        "created": job.status,
        "status": done.status,
        "cost": done.outputs.cost,
        "url": done.outputs.video_url,
    }


def judge(bodies: list[dict[str, Any]]) -> None:
    for params in (VideoCreateParams, Media, MediaFrameImage):
        params.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    for body in bodies:
        TypeAdapter(VideoCreateParams).validate_python(body)
        for frame in body.get("media", {}).get("frame_images", []):
            TypeAdapter(MediaFrameImage).validate_python(frame)


if __name__ == "__main__":
    if sys.argv[1] == "judge":
        judge(json.load(sys.stdin))
    else:
        print(json.dumps(use(*sys.argv[1:])))  # noqa: T201
