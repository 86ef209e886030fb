"""All checks, in the order in which they are told."""

from videos.doctor import (
    backends,
    broker,
    configuration,
    database,
    mail,
    media,
    monitoring,
    prompt_help,
    proxy,
    sharing,
    storage,
    stored_secrets,
    work,
    workers,
)
from videos.doctor.finding import Check

_ROWS = ("database", "migrations")  # without which no row can be read

CHECKS = (
    Check("settings", configuration.check_settings, seconds=8),
    Check("database", database.check_connection),
    Check("migrations", database.check_migrations, seconds=8, needs=("database",)),
    Check("database writes", database.check_write, needs=_ROWS),
    Check("database's clock", database.check_clock, needs=("database",)),
    Check("what the database stands on", database.check_foundation, needs=("database",)),
    Check("search", database.check_search, needs=_ROWS),
    Check("broker", broker.check_broker, seconds=7),
    Check("cache", broker.check_cache, needs=("broker",)),
    Check("messages waiting", broker.check_queues, needs=("broker",)),
    Check("storage", storage.check_storage),
    Check("disks", storage.check_disks),
    Check("files' owner", storage.check_owners),
    Check("workers", workers.check_signs_of_life, needs=_ROWS),
    Check("workers' replies", workers.check_replies, seconds=12, needs=("broker",)),
    Check("shared storage", sharing.check_sharing, needs=("broker", "storage")),
    Check("proxy", proxy.check_proxy),
    Check("backends", backends.check_backends, seconds=9, needs=_ROWS),
    Check("help with prompts", prompt_help.check_prompt_help, seconds=6, needs=_ROWS),
    Check("settings and database", configuration.check_settings_with_database, needs=_ROWS),
    Check("submissions", work.check_hold, needs=_ROWS),
    Check("videos", work.check_stalled, needs=_ROWS),
    Check("storage quotas", work.check_storage_quotas, needs=_ROWS),
    Check("ledger", work.check_ledger, seconds=8, needs=_ROWS),
    Check("webhooks", work.check_webhooks, needs=_ROWS),
    Check("outgoing mail", work.check_outgoing_mail, needs=_ROWS),
    Check("mail server", mail.check_mail_server),
    Check("video and images", media.check_codecs, seconds=8),
    Check("monitoring", monitoring.check_monitoring),
    Check("stored secrets", stored_secrets.check_stored_secrets, needs=_ROWS),
)
