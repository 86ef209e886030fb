"""The two usual ways to wait for videos, each in one process: what the engine is measured against.

`asyncio` is the loop inside the SDK's `create_and_poll`, a task for each video, on one event loop. `slots` is
a worker with eight threads, each waiting for one video at a time with the SDK's blocking loop, as a Celery
task per video does. Both look each second, the SDK's default, and both are given jobs that exist already,
which spares them the creates. Prints the Unix time at which each job was found, the processor seconds used
and the seconds it took, as JSON.
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
EVERY = 1000  # milliseconds, what `create_and_poll` waits when nobody says otherwise
KEY = "none-needed"


def by_asyncio(url: str, job_ids: list[str], seconds: float) -> dict[str, float]:
    """Wait for all the jobs at once, for at most `seconds`."""
    return asyncio.run(_all_at_once(url, job_ids, seconds))


async def _all_at_once(url: str, job_ids: list[str], seconds: float) -> dict[str, float]:
    found: dict[str, float] = {}
    # As many connections as it likes: the SDK's own limit of 1000 would only make it look worse.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with openai.AsyncOpenAI(
        base_url=url, api_key=KEY, http_client=httpx2.AsyncClient(limits=limits, timeout=60)
    ) as client:

        async def wait_for(job_id: str) -> None:
            await asyncio.sleep(random.random())  # jobs do not all begin at the same moment
            await client.videos.poll(job_id, poll_interval_ms=EVERY)
            found[job_id] = time.time()

        tasks = [asyncio.create_task(wait_for(job_id)) for job_id in job_ids]
        await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


def by_slots(url: str, job_ids: list[str], seconds: float) -> dict[str, float]:
    """Wait for the jobs, eight at a time, until all have ended."""
    found: dict[str, float] = {}
    with openai.OpenAI(base_url=url, api_key=KEY) as client, ThreadPoolExecutor(SLOTS) as slots:

        def wait_for(job_id: str) -> None:
            client.videos.poll(job_id, poll_interval_ms=EVERY)
            found[job_id] = time.time()

        list(slots.map(wait_for, job_ids))
    return found


def main() -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK emits one for each call
    order = json.load(sys.stdin)
    ways = {"asyncio": by_asyncio, "slots": by_slots}
    began, spent = time.monotonic(), time.process_time()
    found = ways[order["way"]](order["url"], order["jobs"], order["seconds"])
    took = {"cpu": time.process_time() - spent, "wall": time.monotonic() - began}
    json.dump({"found": found, **took}, sys.stdout)


if __name__ == "__main__":
    main()
