"""What a probe found out, in words for the person who asked."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from videos.backends.capability import Capability
from videos.backends.catalogue import CatalogueModel
from videos.backends.concurrency import suggest_max_in_flight
from videos.backends.openapi_routes import Routes
from videos.backends.responses import is_key_refusal

KeyVerdict = Literal["accepted", "refused", "blocked", "unknown"]

MIN_KEY_RETENTION = 86_400.0  # seconds; keys that are forgotten sooner do not outlast an outage
MAX_NAME_LENGTH = 100  # characters of a model's name
_KEY_REFUSED = (
    "The server refuses the key. Paste the right one, or put it into the backend's variable and restart."
)
_NO_ROUTE = frozenset({404, 405, 501})
_MAX_NAMED_MODELS = 8  # in a sentence


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """A response without judgement. `status` is 0 when none came, and `error` then says why.

    `payload` is the decoded JSON. `text` is the body without the path that was asked for, so that two error
    pages can be compared. `allow` has the methods of the Allow header, `location` a redirect's target,
    `key_retention` the seconds for which it says that it honors an Idempotency-Key. `leads_back` if it was
    this studio itself that answered.
    """

    status: int
    payload: object = None
    text: str = ""
    allow: frozenset[str] = frozenset()
    location: str = ""
    error: str = ""
    key_retention: float = 0.0
    leads_back: bool = False

    @property
    def summary(self) -> str:
        """The status or the error, as a sentence."""
        return f"HTTP {self.status}." if self.status else self.error


@dataclass(frozen=True, slots=True)
class ProbeResponses:
    """What a server answered to each question.

    `job` is about a job that nobody has, `missing_route` about a path that no server has; so are the two
    DELETEs.
    """

    models: ProbeResponse
    job: ProbeResponse
    page: ProbeResponse
    missing_route: ProbeResponse
    delete_job: ProbeResponse
    delete_missing_route: ProbeResponse


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked. `works` is None when it cannot be known without a paid job.

    `found` says what was seen, `advice` what to do about it; it is empty when nothing is to be done.
    """

    name: str
    works: bool | None
    found: str
    advice: str = ""


OnCheck = Callable[[Check], None]  # is told of a check as soon as it is made, while others still run


def ignore_check(check: Check) -> None:
    """Take no notice of a check, where nobody watches."""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a probe found out.

    `problem` says what to do when the backend cannot be used as it is, else it is empty. `models` are the
    names of the server's models, None when it does not tell. In `capabilities` None means not known, and so
    does `max_in_flight`, the jobs that may run at once to begin with. `leads_back` if the backend is this
    studio itself.
    `in_private_network` is whether the server is at a private address; None when it was not reached, or only
    through a proxy.
    `catalogue` describes the models of a service that does so.
    """

    checks: tuple[Check, ...] = ()
    problem: str = ""
    models: tuple[str, ...] | None = None
    capabilities: Mapping[Capability, bool | None] = field(default_factory=dict)
    catalogue: tuple[CatalogueModel, ...] = ()
    leads_back: bool = False
    in_private_network: bool | None = None
    max_in_flight: int | None = None


def failed_report(problem: str, check: str = "answers") -> ProbeReport:
    """Return the report on a backend that cannot be used as it is: one sentence, and the check it failed."""
    return ProbeReport(checks=(Check(check, False, problem),), problem=problem)


def blocking_problem(
    base_url: str, job: ProbeResponse, page: ProbeResponse, missing_route: ProbeResponse
) -> ProbeReport | None:
    """Return the report on what keeps the backend from being used, or None when nothing does.

    The responses are about a job that nobody has, the list of jobs, and a path that no server has.
    """
    statuses = {job.status, page.status}
    if 0 in statuses:
        return failed_report(f"{job.error or page.error} Check the base URL, and that the server runs.")
    # A 403 of one call alone may be about what this key may do, not about the key.
    refuses_key = statuses == {403} or any(
        response.status != 403 and is_key_refusal(response.status, response.payload)
        for response in (job, page)
    )
    if refuses_key:
        return failed_report(_KEY_REFUSED, "key")
    if min(statuses) >= 500 and 501 not in statuses:
        return failed_report(
            f"The server is not working (HTTP {job.status}). Look into its log, then probe again."
        )
    is_other_site = job.status == page.status == 200 and job.payload is None and page.payload is None
    if is_other_site or (page.status == 404 and _is_same_answer(job, missing_route)):
        return failed_report(
            f"There is no Videos API at {base_url}: neither {base_url}/videos nor a job below it is known"
            " there. Check the base URL; most end in /v1.",
            "videos",
        )
    return None


def first_checks(*, has_key: bool) -> tuple[Check, Check]:
    """Return what is known as soon as nothing keeps a server from being used."""
    key = "Accepted, or not looked at." if has_key else "None sent, none asked for."
    return Check("answers", True, "The server answers."), Check("key", True, key)


def build_report(responses: ProbeResponses, routes: Routes, *, base_url: str, has_key: bool) -> ProbeReport:
    """Return the report on a backend that can be used. `has_key` says whether a key was sent."""
    models = _parse_model_names(responses.models.payload) if responses.models.status == 200 else None
    takes_reference = _takes_reference(responses.models.payload, routes)
    max_in_flight = suggest_max_in_flight(base_url, responses.models.payload)
    can_list = _can_list(responses.page)
    can_delete = _can_delete(responses.delete_job, responses.delete_missing_route)
    # Only a server that says so: a wrong guess is a second bill.
    honours_key = True if responses.models.key_retention >= MIN_KEY_RETENTION else None
    checks = (
        *first_checks(has_key=has_key),
        _models_check(models, responses.models),
        _status_check(responses.job, responses.missing_route),
        Check("list", can_list, responses.page.summary, "" if can_list else _NO_LIST),
        Check("delete", can_delete, responses.delete_job.summary, "" if can_delete else _NO_DELETE),
        _route_check("remix", routes.remix, routes.source),
        _route_check("edit", routes.edit, routes.source),
        _route_check("extend", routes.extend, routes.source),
        _route_check("characters", routes.characters, routes.source),
        _reference_check(takes_reference, routes.source),
        _key_check(honours_key),
        _concurrency_check(max_in_flight),
    )
    capabilities = {
        Capability.LIST: can_list,
        Capability.DELETE: can_delete,
        Capability.REMIX: routes.remix,
        Capability.EDIT: routes.edit,
        Capability.EXTEND: routes.extend,
        Capability.CHARACTERS: routes.characters,
        Capability.REFERENCE: takes_reference,
        Capability.IDEMPOTENCY_KEY: honours_key,
    }
    return ProbeReport(checks, models=models, capabilities=capabilities, max_in_flight=max_in_flight)


def first_hosted_checks(check: KeyVerdict) -> tuple[Check, ...]:
    """Return what is known of a hosted service once its key was checked; nothing where it is refused."""
    if check == "refused":
        return ()
    verdict = Check("key", True if check == "accepted" else None, _KEY_VERDICTS[check])
    return Check("answers", True, "The service answers."), verdict


def hosted_report(
    check: KeyVerdict, models: Sequence[CatalogueModel] | None, capabilities: Collection[Capability]
) -> ProbeReport:
    """Return the report on a hosted service, of which the driver knows what such a service can do.

    `check` is what became of the key, `models` the service's catalogue.
    """
    if check == "refused":
        return failed_report(_KEY_REFUSED, "key")
    names = tuple(model.name for model in models or ())
    takes = {model.takes_reference for model in models or ()}
    known: dict[Capability, bool | None] = {each: each in capabilities for each in Capability}
    known[Capability.REFERENCE] = takes.pop() if len(takes) == 1 else None
    checks = (
        *first_hosted_checks(check),
        _models_check(names, ProbeResponse(200)),
        Check("list", False, "This kind of service shows no list.", _NO_LIST),
        Check("delete", known[Capability.DELETE], *_DELETION[Capability.DELETE in capabilities]),
        _reference_check(known[Capability.REFERENCE], "its catalogue"),
    )
    return ProbeReport(checks, models=names, capabilities=known, catalogue=tuple(models or ()))


_TASK = re.compile(r"(?<![a-z])(t2v|i2v|ti2v)(?![a-z0-9])")

_NO_LIST = (
    "When the answer to a submission is lost, nobody can look for the job: the owner is asked what to do."
)
_NO_KEY = "A lost answer is searched for in the server's list."
_NO_DELETE = "Jobs of canceled and deleted videos stay at the server; remove them there."
_DELETION = {
    True: ("Jobs of canceled and deleted videos are deleted there.",),
    False: ("This kind of service deletes no jobs.", "They go away there by themselves."),
}
_KEY_VERDICTS = {
    "accepted": "Accepted.",
    "unknown": "The service did not say whether it accepts the key.",
    "blocked": "A firewall in front of the service lets nothing through.",
}
_NO_MODELS = "Name the models yourself: in the admin, or with --models."
_NOT_KNOWN = "Cannot be known without a paid job. Set it in the admin if you know."
_FORGETS_JOBS = "A job that the server forgets counts as failed only when its time limit is reached."


def _is_same_answer(one: ProbeResponse, other: ProbeResponse) -> bool:
    return one.status == other.status and one.text == other.text


def _parse_model_names(payload: object) -> tuple[str, ...] | None:
    data = payload.get("data") if isinstance(payload, dict) else payload
    if not isinstance(data, list):
        return None
    names = (entry.get("id") if isinstance(entry, dict) else None for entry in data)
    usable = (name for name in names if isinstance(name, str) and 0 < len(name) <= MAX_NAME_LENGTH)
    return tuple(dict.fromkeys(name for name in usable if name.isprintable()))


def _models_check(models: tuple[str, ...] | None, response: ProbeResponse) -> Check:
    if not models:
        return Check("models", False, f"It names none ({response.summary.rstrip('.')}).", _NO_MODELS)
    more = f" and {len(models) - _MAX_NAMED_MODELS} more" if len(models) > _MAX_NAMED_MODELS else ""
    return Check("models", True, ", ".join(models[:_MAX_NAMED_MODELS]) + more + ".")


def _status_check(job: ProbeResponse, missing_route: ProbeResponse) -> Check:
    if job.status == 404 and not _is_same_answer(job, missing_route):
        return Check("status", True, "A job that is not there is a clear 404.")
    if job.status in _NO_ROUTE:
        advice = "Only videos that it returns at once, in the answer to the submission, can be had."
        return Check("status", False, f"Jobs cannot be looked at ({job.summary.rstrip('.')}).", advice)
    return Check("status", None, f"A job that is not there is answered with {job.summary}", _FORGETS_JOBS)


def _can_list(page: ProbeResponse) -> bool | None:
    if page.status == 200:
        return isinstance(page.payload, dict) and isinstance(page.payload.get("data"), list)
    return False if page.status in _NO_ROUTE else None


def _can_delete(delete_job: ProbeResponse, delete_missing_route: ProbeResponse) -> bool | None:
    if delete_job.status in {405, 501}:
        return False
    if delete_job.status == 404:
        return None if _is_same_answer(delete_job, delete_missing_route) else True
    return True if delete_job.status in {200, 202, 204, 400, 409, 410, 422} else None


def _takes_reference(models: object, routes: Routes) -> bool | None:
    """Whether the server's models take a reference image; None when it does not say, or some do.

    That the server has a field for it is no promise: SGLang and vLLM-Omni have it whatever model they run,
    and a text-to-video model refuses the image. What they run is in SGLang's `task_type` (T2V, I2V, TI2V),
    and mostly in a model's name.
    """
    data = models.get("data") if isinstance(models, dict) else models
    entries = data if isinstance(data, list) else [models]
    takes = {_model_takes_reference(entry) for entry in entries if isinstance(entry, dict)}
    if takes == {False}:
        return False
    return True if takes == {True} and routes.reference else None


def _model_takes_reference(entry: dict[str, object]) -> bool | None:
    texts = [entry.get(key) for key in ("task_type", "id", "model_path")]
    for text in texts:
        tasks = set(_TASK.findall(text.lower())) if isinstance(text, str) else set()
        if tasks:
            return tasks != {"t2v"}
    return None


def _reference_check(takes_reference: bool | None, source: str) -> Check:
    if takes_reference is None:
        return Check("reference image", None, "It depends on the model.", _NOT_KNOWN)
    if takes_reference:
        return Check("reference image", True, f"Taken (its models; {source}).")
    return Check(
        "reference image", False, "Its models make videos from text only.", "Its field is not shown."
    )


def _key_check(is_honoured: bool | None) -> Check:
    if is_honoured:
        return Check("idempotency key", True, "A lost answer is asked for again, without a second job.")
    return Check("idempotency key", None, "The server does not say that it honors one.", _NO_KEY)


def _concurrency_check(max_in_flight: int | None) -> Check:
    if max_in_flight is None:
        return Check("jobs at once", None, "The server does not say.", "Set “max in flight” to its limit.")
    found = f"{max_in_flight}, as it seems to be a server of your own."
    return Check("jobs at once", None, found, "Raise “max in flight” if it makes more at a time.")


def _route_check(name: str, is_offered: bool | None, source: str) -> Check:
    if is_offered is None:
        return Check(name, None, "The server does not say.", _NOT_KNOWN)
    found = "Offered" if is_offered else "Not offered"
    return Check(name, is_offered, f"{found} ({source}).", "" if is_offered else "Its button is not shown.")
