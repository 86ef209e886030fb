"""The chat server that helps with prompts: whether it answers and has the model. Nothing that costs."""

from dataclasses import replace

from videos.backends.chat import list_models
from videos.backends.errors import BackendError
from videos.doctor.finding import Findings, not_checked, ok, warning, wrong
from videos.services.prompt_help_server import prompt_help_server

_WHAT = "help with prompts"
_TIMEOUT = 4.0  # seconds


def check_prompt_help() -> Findings:
    """Ask the server for its models."""
    server = prompt_help_server()
    if server is None:
        yield ok(_WHAT, "There is none: PROMPT_HELP_URL names no server.")
        return
    if server.is_demo:
        yield ok(_WHAT, "The simulator answers, by rules. PROMPT_HELP_URL names a chat server in its place.")
        return
    connection = replace(server.connection, timeout=_TIMEOUT)
    try:
        models = list_models(connection, name=server.name)
    except BackendError as error:
        yield wrong(_WHAT, error.message, "See PROMPT_HELP_URL and PROMPT_HELP_KEY.")
        return
    if models is None:
        yield not_checked(_WHAT, f"{server.name} answers, and has no list of models.")
    elif server.model not in models:
        found = f"{server.name} does not list the model {server.model}."
        yield warning(_WHAT, found, "Set PROMPT_HELP_MODEL to one that it has.")
    else:
        sees = "looks at images" if server.can_see else "is sent no images (PROMPT_HELP_VISION)"
        yield ok(_WHAT, f"{server.name} answers, has {server.model}, and {sees}.")
