"""Run OpenRouter's own client against the server in argv, or judge the bodies on stdin. Prints JSON."""

import json
import sys
from typing import Any

from openrouter import OpenRouter
from openrouter.components import VideoGenerationRequest


def use(url: str, key: str) -> dict[str, Any]:
    with OpenRouter(api_key=key, server_url=url) as client:
        models = client.video_generation.list_videos_models()
        job = client.video_generation.generate(
            model="google/veo-3.1", prompt="A fox", duration=4, size="1280x720"
        )
        done = client.video_generation.get_generation(job_id=job.id)
        content = client.video_generation.get_video_content(job_id=job.id)
        return {
            "models": [model.id for model in models.data],
            "created": job.status,
            "status": done.status,
            "cost": done.usage.cost,
            "bytes": len(content.read()),
        }


def judge(bodies: list[dict[str, Any]]) -> None:
    for body in bodies:
        request = VideoGenerationRequest.model_validate(body)
        assert request.model_dump(mode="json") == body, "a field is unknown, or of another type"


if __name__ == "__main__":
    if sys.argv[1] == "judge":
        judge(json.load(sys.stdin))
    else:
        print(json.dumps(use(*sys.argv[1:])))  # noqa: T201
