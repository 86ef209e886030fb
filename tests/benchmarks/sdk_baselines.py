"""The two usual ways to wait for videos with the SDK, each in one process: the baseline of the engine.

`asyncio` is the loop inside the SDK's `create_and_poll`, with a task for each video, on one event loop.
`slots` is a worker with eight threads, each of which waits for one video at a time with the SDK's blocking
loop, as a Celery task per video does. Both poll each second, the SDK's default, and both are given existing
jobs, so that creating them costs nothing. Reads a request as JSON from stdin; prints the Unix time at which
each job was found, the CPU seconds used and the seconds it took, as JSON.
"""

import asyncio
import json
import random
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import httpx2
import openai

SLOTS = 8
POLL_INTERVAL = 1000  # milliseconds, the default of `create_and_poll`
KEY = "none-needed"


def poll_with_asyncio(url: str, job_ids: list[str], seconds: float) -> dict[str, float]:
    """Wait for all jobs concurrently, for at most `seconds`. Returns when each was found, by id."""
    return asyncio.run(_all_at_once(url, job_ids, seconds))


async def _all_at_once(url: str, job_ids: list[str], seconds: float) -> dict[str, float]:
    found: dict[str, float] = {}
    # No limit of connections: the SDK's own of 1000 would only make it look worse.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with openai.AsyncOpenAI(
        base_url=url, api_key=KEY, http_client=httpx2.AsyncClient(limits=limits, timeout=60)
    ) as client:

        async def wait_for(job_id: str) -> None:
            await asyncio.sleep(random.random())  # jobs do not all begin at the same moment
            await client.videos.poll(job_id, poll_interval_ms=POLL_INTERVAL)
            found[job_id] = time.time()

        tasks = [asyncio.create_task(wait_for(job_id)) for job_id in job_ids]
        await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


def poll_with_threads(url: str, job_ids: list[str], seconds: float) -> dict[str, float]:
    """Wait for the jobs, eight at a time, until all have ended. Returns when each was found, by id."""
    found: dict[str, float] = {}
    with openai.OpenAI(base_url=url, api_key=KEY) as client, ThreadPoolExecutor(SLOTS) as slots:

        def wait_for(job_id: str) -> None:
            client.videos.poll(job_id, poll_interval_ms=POLL_INTERVAL)
            found[job_id] = time.time()

        list(slots.map(wait_for, job_ids))
    return found


def main() -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK emits one for each call
    request = json.load(sys.stdin)
    baselines = {"asyncio": poll_with_asyncio, "slots": poll_with_threads}
    began, cpu_began = time.monotonic(), time.process_time()
    found = baselines[request["baseline"]](request["url"], request["jobs"], request["seconds"])
    took = {"cpu": time.process_time() - cpu_began, "wall": time.monotonic() - began}
    json.dump({"found": found, **took}, sys.stdout)


if __name__ == "__main__":
    main()
