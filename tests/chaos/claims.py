"""Which video each submission was made for, recorded by the database itself.

Every claim draws an `Idempotency-Key`, which the simulator writes into its ledger with the job. The row
forgets the key at its next attempt, so a trigger notes each one. What the engine concludes later, from lists
that lie or from its own rows, changes neither of the two: together they say whose job it is.
"""

from collections.abc import Mapping

from django.db import connection

_FILE_SUFFIX = "-file"  # of the key of a request that is sent once more, with the source's file

_TABLE = "CREATE TABLE chaos_claims (idempotency_key varchar(64) PRIMARY KEY, video_id bigint NOT NULL)"
_INSERT = "INSERT INTO chaos_claims VALUES (NEW.idempotency_key, NEW.id)"
_DRAWN = "NEW.idempotency_key <> '' AND NEW.idempotency_key <> OLD.idempotency_key"
_TRIGGER = "CREATE TRIGGER chaos_claims AFTER UPDATE OF idempotency_key ON videos_video"
_FUNCTION, _BODY = "chaos_claim()", f"BEGIN {_INSERT}; RETURN NULL; END"
_TRIGGERS = {
    "sqlite": [
        f"{_TRIGGER} WHEN {_DRAWN} BEGIN {_INSERT}; END",
    ],
    "postgresql": [
        f"CREATE FUNCTION {_FUNCTION} RETURNS trigger LANGUAGE plpgsql AS $${_BODY}$$",
        f"{_TRIGGER} FOR EACH ROW WHEN ({_DRAWN}) EXECUTE FUNCTION {_FUNCTION}",
    ],
}


def record_claims() -> None:
    """Record every claim of this database from now on."""
    with connection.cursor() as cursor:
        for statement in (_TABLE, *_TRIGGERS[connection.vendor]):
            cursor.execute(statement)


def find_claim(claims: Mapping[str, int], key: str | None) -> int | None:
    """Return the video for which the key of a request was drawn."""
    return claims.get((key or "").removesuffix(_FILE_SUFFIX))


def recorded_claims() -> dict[str, int]:
    """Return the primary key of the video by the idempotency key of each of its claims."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT idempotency_key, video_id FROM chaos_claims")
        return dict(cursor.fetchall())
