"""Which queue each Celery task goes to, and which tick how often."""

from datetime import timedelta

from celery.schedules import schedule

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
    "accounts.send_mail": {"queue": "network"},
    "webhooks.deliver": {"queue": "network"},
}
CELERY_BEAT_SCHEDULE = {
    # `expires` drops ticks that pile up while no worker runs: the next one does their work.
    task: {
        "task": task,
        "schedule": schedule(timedelta(seconds=every)),
        "options": {"expires": every},
    }
    for task, every in {
        "videos.dispatch": 1,
        "videos.poll": 1,
        "videos.batches": 2,
        "videos.sweep": 5,
        "accounts.send_mail": 5,
        "notifications.tick": 15,
        "webhooks.deliver": 1,
        "accounts.delete_due": 60,
        "audit.prune": 3600,
    }.items()
}
