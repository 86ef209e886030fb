"""LiteLLM's ids of jobs, which say where the proxy has to ask for them."""

import re
from base64 import b64decode, b64encode
from binascii import Error

_PREFIX = "video_"
# As litellm 1.106 writes it (litellm/types/videos/utils.py), in base64 after the prefix.
_NOTE = re.compile(r"litellm:custom_llm_provider:([^;]*);model_id:;video_id:(.+)", re.DOTALL)


def routed(job_id: str, model: str) -> str:
    """Return the id under which the proxy finds the job of a remix, an edit or an extension.

    In its answer to these it leaves out the model, by which it knows a provider's address and key; it then
    asks for such a job at the provider's public address, where nobody knows it. `model` is put in. Any other
    id, of any server, is returned as it is.
    """
    try:
        note = b64decode(job_id.removeprefix(_PREFIX), validate=True).decode()
    except (Error, ValueError):
        return job_id
    found = _NOTE.fullmatch(note) if job_id.startswith(_PREFIX) and ";" not in model else None
    if found is None:
        return job_id
    whole = f"litellm:custom_llm_provider:{found[1]};model_id:{model};video_id:{found[2]}"
    return _PREFIX + b64encode(whole.encode()).decode()
