"""What a probe found out, in words for the person who asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from videos.backends.openapi_routes import Routes
from videos.backends.responses import refuses_key

NAME_LIMIT = 100  # characters of a model's name
_REFUSALS = frozenset({401, 403})
_NO_ROUTE = frozenset({404, 405, 501})
_SHOWN = 8  # models named in a sentence


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply without judgement. `status` is 0 when none came, and `trouble` then says why.

    `words` is the body without the path that was asked for, so that two error pages can be compared.
    """

    status: int
    payload: object = None
    words: str = ""
    allow: frozenset[str] = frozenset()
    location: str = ""
    trouble: str = ""

    @property
    def seen(self) -> str:
        return f"HTTP {self.status}." if self.status else self.trouble


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `works` is None when it cannot be known without a paid job.

    `found` says what was seen, `advice` what to do about it; it is empty when nothing is to be done.
    """

    name: str
    works: bool | None
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a probe found out.

    `problem` is what to do when the backend cannot be used as it is, else empty. `models` is None when the
    server does not name its models. `capabilities` has the names of `Backend`'s fields; None is not known.
    """

    checks: tuple[Check, ...] = ()
    problem: str = ""
    models: tuple[str, ...] | None = None
    capabilities: Mapping[str, bool | None] = field(default_factory=dict)


def failure(sentence: str, check: str = "answers") -> ProbeReport:
    """Findings about a backend that cannot be used as it is."""
    return ProbeReport(checks=(Check(check, False, sentence),), problem=sentence)


def blocking_problem(base_url: str, job: Answer, page: Answer, nowhere: Answer) -> ProbeReport | None:
    """What keeps the backend from being used. `nowhere` answered a path that no server has."""
    statuses = {job.status, page.status}
    if 0 in statuses:
        return failure(f"{job.trouble or page.trouble} Check the base URL, and that the server runs.")
    # A 403 of one call alone may be about what this key may do, not about the key.
    refused = statuses == {403} or any(
        answer.status != 403 and refuses_key(answer.status, answer.payload) for answer in (job, page)
    )
    if refused:
        found = (
            "The server refuses the key. Put the right one into the backend's environment variable, restart."
        )
        return failure(found, "key")
    if min(statuses) >= 500 and 501 not in statuses:
        return failure(f"The server is not working (HTTP {job.status}). Look into its log, then probe again.")
    strangers = job.status == page.status == 200 and job.payload is None and page.payload is None
    if strangers or (page.status == 404 and _same(job, nowhere)):
        return failure(
            f"There is no Videos API at {base_url}: neither {base_url}/videos nor a job below it is known"
            " there. Check the base URL; most end in /v1.",
            "videos",
        )
    return None


def assess(
    *,
    key: bool,
    models: Answer,
    job: Answer,
    page: Answer,
    nowhere: Answer,
    gone: Answer,
    undone: Answer,
    routes: Routes,
) -> ProbeReport:
    """Put the replies into words. `gone` and `undone` answered a DELETE of a job and of no route at all."""
    named = _named(models.payload) if models.status == 200 else None
    can_list, can_delete = _lists(page), _deletes(gone, undone)
    checks = (
        Check("answers", True, "The server answers."),
        Check("key", True, "Accepted, or not looked at." if key else "None sent, none asked for."),
        _models(named, models),
        _status(job, nowhere),
        Check("list", can_list, page.seen, "" if can_list else _NO_LIST),
        Check("delete", can_delete, gone.seen, "" if can_delete else _NO_DELETE),
        _route("remix", routes.remix, routes.source),
        _route("edit", routes.edit, routes.source),
        _route("extend", routes.extend, routes.source),
        _route("characters", routes.characters, routes.source),
        _route("reference image", routes.reference, routes.source),
    )
    capabilities = {
        "can_list": can_list,
        "can_delete": can_delete,
        "can_remix": routes.remix,
        "can_edit": routes.edit,
        "can_extend": routes.extend,
        "can_characters": routes.characters,
        "takes_reference": routes.reference,
    }
    return ProbeReport(checks, models=named, capabilities=capabilities)


_NO_LIST = (
    "When the answer to a submission is lost, nobody can look for the job: the owner is asked what to do."
)
_NO_DELETE = "Jobs of canceled and deleted videos stay at the server; remove them there."
_NO_MODELS = "Name the models yourself: in the admin, or with --models."
_UNKNOWN = "Cannot be known without a paid job. Set it in the admin if you know."
_FORGETFUL = "A job that the server forgets counts as failed only when MAX_POLL_TIMEOUT has passed."


def _same(one: Answer, other: Answer) -> bool:
    return one.status == other.status and one.words == other.words


def _named(payload: object) -> tuple[str, ...] | None:
    data = payload.get("data") if isinstance(payload, dict) else payload
    if not isinstance(data, list):
        return None
    names = (entry.get("id") if isinstance(entry, dict) else None for entry in data)
    usable = (name for name in names if isinstance(name, str) and 0 < len(name) <= NAME_LIMIT)
    return tuple(dict.fromkeys(name for name in usable if name.isprintable()))


def _models(named: tuple[str, ...] | None, answer: Answer) -> Check:
    if not named:
        return Check("models", False, f"It names none ({answer.seen.rstrip('.')}).", _NO_MODELS)
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return Check("models", True, ", ".join(named[:_SHOWN]) + more + ".")


def _status(job: Answer, nowhere: Answer) -> Check:
    if job.status == 404 and not _same(job, nowhere):
        return Check("status", True, "A job that is not there is a clear 404.")
    if job.status in _NO_ROUTE:
        advice = "Only videos that it returns at once, in the answer to the submission, can be had."
        return Check("status", False, f"Jobs cannot be looked at ({job.seen.rstrip('.')}).", advice)
    return Check("status", None, f"A job that is not there is answered with {job.seen}", _FORGETFUL)


def _lists(page: Answer) -> bool | None:
    if page.status == 200:
        return isinstance(page.payload, dict) and isinstance(page.payload.get("data"), list)
    return False if page.status in _NO_ROUTE else None


def _deletes(gone: Answer, undone: Answer) -> bool | None:
    if gone.status in {405, 501}:
        return False
    if gone.status == 404:
        return None if _same(gone, undone) else True
    return True if gone.status in {200, 202, 204, 400, 409, 410, 422} else None


def _route(name: str, there: bool | None, source: str) -> Check:
    if there is None:
        return Check(name, None, "The server does not say.", _UNKNOWN)
    found = "Offered" if there else "Not offered"
    return Check(name, there, f"{found} ({source}).", "" if there else "Its button is not shown.")
