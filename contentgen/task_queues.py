"""Which queue each Celery task goes to, which tick how often, and what holds for all tasks."""

import sys

from contentgen.activity import Tick

CELERY_TASK_ROUTES = {
    # Waiting for a backend must not delay the ticks, and a long download must not delay a submission.
    **{
        f"videos.{name}": {"queue": "network"}
        for name in (
            *("submit", "poll_backend", "reconcile", "search_restored"),
            *("clean_up_video", "clean_up_job", "probe", "probe_draft"),
            *("create_character", "picture_candidate"),
        )
    },
    "videos.store": {"queue": "downloads"},
    "videos.advance_batch": {"queue": "downloads"},  # each message takes some seconds
    "videos.retention": {"queue": "downloads"},
    "videos.make_browser_copy": {"queue": "downloads"},
    "accounts.send_mail": {"queue": "network"},
    "webhooks.deliver": {"queue": "network"},
}
CELERY_BEAT_SCHEDULE = {
    # `expires` drops ticks that pile up while no worker runs: the next one does their work.
    task: {
        "task": task,
        "schedule": Tick(every, quiet=quiet),
        "options": {"expires": every},
    }
    # Seconds between two, and between two while there is nothing to do.
    for task, (every, quiet) in {
        "videos.dispatch": (1, 3),  # a sign of life, and what `doctor` counts
        "videos.poll": (1, 15),
        "videos.batches": (2, 60),
        "videos.sweep": (5, 30),
        "accounts.send_mail": (5, 60),
        "notifications.tick": (15, 30),
        "webhooks.deliver": (1, 60),
        "accounts.delete_due": (60, 60),
        "audit.prune": (3600, 3600),
        "videos.retention": (60, 60),
    }.items()
}
# Celery would close the connection to the database before and after each task, and opening one takes longer
# than most ticks: contentgen.celery closes those that are too old or broken.
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "short"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "contentgen.beat:LeaderScheduler"  # of any number of which one sends the ticks
