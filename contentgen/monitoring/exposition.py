"""Writes all metrics in the formats that Prometheus reads."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry
from redis.exceptions import RedisError

from contentgen.monitoring import gauges, sharing
from contentgen.monitoring.measures import COUNTERS, HISTOGRAMS, Histogram, Sample

logger = logging.getLogger(__name__)


def render(accept: str) -> tuple[bytes, str]:
    """Return all metrics and their content type, in the best format that the `accept` header takes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Studio())
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Studio(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _gauges()
        try:
            samples = sharing.read_samples()
        except (RedisError, OSError) as error:
            logger.warning("Metrics go without what the processes count: %s", error)
            samples = {}
        yield from _counters(samples)
        yield from _histograms(samples)


def _gauges() -> Iterator[Metric]:
    found = gauges.collect()
    for name, (documentation, labels) in gauges.DEFINITIONS.items():
        family = GaugeMetricFamily(name, documentation, labels=labels)
        for values, number in sorted(found.get(name, {}).items()):
            family.add_metric(values, number)
        yield family


def _counters(samples: Mapping[Sample, float]) -> Iterator[Metric]:
    for counter in COUNTERS:
        family = CounterMetricFamily(counter.name, counter.documentation, labels=counter.labels)
        for (name, *values), number in sorted(samples.items()):
            if name == counter.name:
                family.add_metric(values, number)
        yield family


def _histograms(samples: Mapping[Sample, float]) -> Iterator[Metric]:
    for histogram in HISTOGRAMS:
        family = HistogramMetricFamily(histogram.name, histogram.documentation, labels=histogram.labels)
        for values, numbers in sorted(_by_labels(histogram, samples).items()):
            buckets = [(str(bound), numbers.get(str(bound), 0.0)) for bound in histogram.buckets]
            family.add_metric(values, [*buckets, ("+Inf", numbers["count"])], numbers.get("sum", 0.0))
        yield family


def _by_labels(
    histogram: Histogram, samples: Mapping[Sample, float]
) -> dict[tuple[str, ...], dict[str, float]]:
    """Return by the values of the labels: the buckets by their bounds, `count` and `sum`."""
    found: defaultdict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: {"count": 0.0})
    length = len(histogram.labels)
    for (name, *rest), number in samples.items():
        if name.startswith(f"{histogram.name}_"):
            part = rest[length] if len(rest) > length else name.rpartition("_")[2]
            found[tuple(rest[:length])][part] = number
    return dict(found)
