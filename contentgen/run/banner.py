"""What `make run` prints once everything is up: where the studio is, and how to sign in."""

from io import StringIO

from django.conf import settings
from django.core.management import call_command

_LINE = "-" * 78


def ensure_owner() -> tuple[str, str]:
    """Create the owner account where it is missing. Return its username, and its password or where that is.

    A generated password is returned this once; from then on, the name of the file that holds it.
    """
    from accounts.models import User

    created = StringIO()
    call_command("ensure_owner", stdout=created)
    owner = User.objects.filter(username=settings.OWNER_USERNAME).first()
    if owner is None:
        return "(yours)", "(yours)"
    path = settings.DATA_DIR / "owner-password"
    if path.exists():
        password = path.read_text().strip()
        if owner.check_password(password):
            return owner.username, password if created.getvalue() else f"(in {path})"
        path.unlink()  # the password has been changed, so the file would only mislead
    is_configured = settings.OWNER_PASSWORD and owner.check_password(settings.OWNER_PASSWORD)
    return owner.username, "(OWNER_PASSWORD)" if is_configured else "(yours)"


def format_banner(address: str, username: str, password: str, *, is_demo: bool) -> str:
    """Return the banner. Each fact has a line of its own: a name, spaces, and the value."""
    facts = {
        "Address": address,
        "Username": username,
        "Password": password,
        "Videos": "demo mode: a built-in simulator draws simple scenes, no AI (see README.md)"
        if is_demo
        else settings.BACKEND_URL or "api.openai.com",
        "Data": settings.DATA_DIR,
        "Stop": "Ctrl-C stops everything",
    }
    lines = "".join(f"  {name:<11}{value}\n" for name, value in facts.items())
    return f"\n{_LINE}\n  ContentGen is running\n\n{lines}{_LINE}\n\n"
