"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT asks for them; otherwise nothing at all.

A video is one trace, from the request that asked for it to the file in storage, however many hours and
processes lie between: its row keeps the `traceparent` of the request, and whatever is done about it begins
there. Spans say what was done, to which video, at which backend: no prompts, addresses or names of people.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from django.conf import settings

MAX_LENGTH = 55  # characters of a traceparent, as W3C Trace Context has it

_tracer: Any = None


def is_installed() -> bool:
    """Whether requirements-tracing.txt is installed."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # of the packages that it is in
        return False


def start() -> None:
    """Send spans from now on to OTEL_EXPORTER_OTLP_ENDPOINT, in batches, from a thread of its own.

    OpenTelemetry reads further variables itself, such as OTEL_TRACES_SAMPLER and OTEL_SERVICE_NAME.
    """
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT or not is_installed():
        return  # contentgen.E013 tells of the second
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": settings.OTEL_SERVICE_NAME}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use(provider)


def use(provider: Any) -> None:
    """Make spans with this provider of tracers; with None, make none."""
    global _tracer  # one process, one tracer
    _tracer = provider.get_tracer("contentgen") if provider else None


@contextmanager
def span(name: str, parent: str = "", **attributes: str | int) -> Iterator[Any]:
    """Yield a span around the block, None where there are no traces.

    It belongs to the trace of `parent`, a traceparent, if given; else to the span that is under way.
    """
    if _tracer is None:
        yield None
        return
    named = {f"contentgen.{key}": value for key, value in attributes.items() if value != ""}
    with _tracer.start_as_current_span(name, context=_context_of(parent), attributes=named) as started:
        yield started


def current_traceparent() -> str:
    """Return where what is begun now belongs: the span under way, or a new trace. Empty without traces."""
    if _tracer is None:
        return ""
    from opentelemetry import trace

    if trace.get_current_span().get_span_context().is_valid:
        return _inject()
    with _tracer.start_as_current_span("video requested"):
        return _inject()


def _inject() -> str:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")[:MAX_LENGTH]


def _context_of(parent: str) -> Any:
    """Return the context of a traceparent; None, which is that under way, for none."""
    if not parent:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})
