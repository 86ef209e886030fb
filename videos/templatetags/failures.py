"""A failure in words: whether it cost anything, and what to do. What happened is in `Video.error_message`."""

from django import template

from videos.formatting import format_dollars
from videos.models import Video

register = template.Library()

_ASK = "Ask the person who runs this studio: something between it and the backend is not set up right."
_CHANGE = "Change what it objects to, and make it again."
# What to do, for the codes whose sentence does not say so itself.
_ADVICE = {
    "bad_request": _CHANGE,
    "generation_failed": "Trying again may help; when it fails alike, change the prompt.",
    "given_up": "Retry it when you still want it.",
    "not_a_video": "Another model may do better; if none does, ask the person who runs this studio.",
    "not_found": "Retry makes it anew.",
    "too_large": "Choose a smaller reference image.",
    **dict.fromkeys(
        ("bad_base_url", "bad_redirect", "redirected", "unsupported", "unsupported_media", "bad_text"), _ASK
    ),
}


@register.filter
def advice(video: Video) -> str:
    """What the owner of a failed video can do about it; empty where the reason says so already."""
    return _ADVICE.get(video.error_code, "")


@register.filter
def cost(video: Video) -> str:
    """Whether a failed video cost anything, in a sentence."""
    if video.backend.is_simulator:
        return "It cost nothing: the simulator is free."
    price = f": {format_dollars(video.price)} by the catalogue" if video.price else ""
    if video.error_code == "given_up":
        return f"If the backend did take it, it may be charged once{price}."
    if not video.backend_job_id:
        return "It cost nothing: the backend did not take it."
    return f"The backend had taken the job, so it may be charged{price}."


@register.filter
def cost_in_short(video: Video) -> str:
    """The same for a card."""
    free = video.backend.is_simulator or (not video.backend_job_id and video.error_code != "given_up")
    return "Cost nothing" if free else "May be charged"
