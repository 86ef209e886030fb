"""The job ids of LiteLLM proxies, one family of Videos API servers: an id says where its job is."""

import re
from base64 import b64decode, b64encode
from binascii import Error

_PREFIX = "video_"
# As litellm 1.106 writes it (litellm/types/videos/utils.py), in base64 after the prefix.
_WITHOUT_MODEL = re.compile(r"litellm:custom_llm_provider:([^;]*);model_id:;video_id:(.+)", re.DOTALL)


def restore_model(job_id: str, model: str) -> str:
    """Return the id under which the proxy finds the job of a remix, an edit or an extension.

    In its response to these the proxy leaves the model out of the id, by which it knows a provider's address
    and key; it would then ask for the job at the provider's public address, where nobody knows it. So `model`
    is put in. Any other id, of any server, is returned unchanged.
    """
    try:
        decoded = b64decode(job_id.removeprefix(_PREFIX), validate=True).decode()
    except (Error, ValueError):
        return job_id
    match = _WITHOUT_MODEL.fullmatch(decoded) if job_id.startswith(_PREFIX) and ";" not in model else None
    if match is None:
        return job_id
    provider, video_id = match.groups()
    restored = f"litellm:custom_llm_provider:{provider};model_id:{model};video_id:{video_id}"
    return _PREFIX + b64encode(restored.encode()).decode()
