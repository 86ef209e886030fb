"""How many jobs at once a server of one's own is trusted with, until somebody who knows it says so.

Such a server accepts everything and makes one video at a time on its GPU, so what is sent beyond that only
waits there, out of turn. One with several models may make two at once. A hosted service has its own limits.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

# What servers that one runs oneself put into `owned_by` of their models.
_OWN_ENGINES = frozenset({"vllm", "sglang", "nvidia", "tensorrt_llm"})
_OWN_NETWORKS = (".local", ".lan", ".internal", ".home.arpa", ".localhost")


def suggest_max_in_flight(base_url: str, models: object = None) -> int | None:
    """Return how many jobs may run at once at this server; None for a hosted one, which nothing is known of.

    `models` is the decoded answer about its models, None where there was none.
    """
    data = models.get("data") if isinstance(models, dict) else models
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    engines = {str(entry.get("owned_by")).lower() for entry in entries}
    if not _is_own_address(base_url) and not engines & _OWN_ENGINES:
        return None
    return 2 if len(entries) > 1 else 1


def _is_own_address(base_url: str) -> bool:
    """Whether the host is on this machine or in a network of one's own. Any text will do."""
    try:
        host = (urlsplit(base_url).hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        return not ip_address(host).is_global
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(_OWN_NETWORKS))
