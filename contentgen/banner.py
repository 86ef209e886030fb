"""What `make run` says once everything is up: where the studio is, and how to get in."""

import sys
from dataclasses import dataclass
from io import StringIO

from django.conf import settings
from django.core.management import call_command

_LINE = "-" * 78


@dataclass(frozen=True)
class SignIn:
    """The owner's name, and the password or, when it was said before, where it can be found."""

    username: str
    password: str


def ensure_owner() -> SignIn:
    """Make the owner account where it is missing. A generated password is told this once."""
    from accounts.models import User

    made = StringIO()
    call_command("ensure_owner", stdout=made)
    owner = User.objects.filter(username=settings.OWNER_USERNAME).first()
    if owner is None:
        return SignIn("(yours)", "(yours)")
    kept = settings.DATA_DIR / "owner-password"
    generated = kept.read_text().strip() if kept.exists() else ""
    if not generated:
        unchanged = settings.OWNER_PASSWORD and owner.check_password(settings.OWNER_PASSWORD)
        return SignIn(owner.username, "(OWNER_PASSWORD)" if unchanged else "(yours)")
    if not owner.check_password(generated):
        kept.unlink()  # it was changed, so the file is only misleading
        return SignIn(owner.username, "(yours)")
    return SignIn(owner.username, generated if made.getvalue() else f"(in {kept})")


def show(address: str, sign_in: SignIn, *, demo: bool) -> None:
    """Print the banner. Each fact has a line of its own: a name, spaces, and the value."""
    videos = settings.OPENAI_BASE_URL or "api.openai.com"
    if demo:
        videos = "demo mode: a built-in simulator draws patterns, not AI (see README.md)"
    facts = {
        "Address": address,
        "Username": sign_in.username,
        "Password": sign_in.password,
        "Videos": videos,
        "Data": settings.DATA_DIR,
        "Stop": "Ctrl-C stops everything",
    }
    lines = [
        _LINE,
        "  ContentGen is running",
        "",
        *(f"  {name:<11}{value}" for name, value in facts.items()),
        _LINE,
    ]
    sys.stdout.write("\n".join(["", *lines, "", ""]))
    sys.stdout.flush()
