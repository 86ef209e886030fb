"""Access to a running studio as a program has it: `/v1` and a token; and the simulator's ledger."""

import io
import json
from urllib.request import urlopen

from PIL import Image

from tests.e2e.conftest import USERNAME
from tests.studio import Studio

SIZE = "1280x720"


class ApiAccess:
    """The base URL and a token of a studio, and the ledger of the simulator that makes its videos."""

    def __init__(self, studio: Studio, simulator: str) -> None:
        self.base_url = f"{studio.url}/v1"
        self._ledger = f"{simulator.removesuffix('/v1')}/_simulator/ledger"
        shell = f"""
from accounts import tokens
from accounts.models import User
print(tokens.issue(User.objects.get(username={USERNAME!r}), "script")[1])"""
        done = studio.manage("shell", "-v0", "-c", shell)
        assert done.returncode == 0, done.stderr
        self.token = done.stdout.strip()

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables that OpenAI's SDKs read: the only change to an existing script."""
        return {"OPENAI_BASE_URL": self.base_url, "OPENAI_API_KEY": self.token}

    def count_billed_jobs(self, prompt: str) -> int:
        """Return how many jobs with this prompt the simulator has ever accepted."""
        with urlopen(self._ledger) as reply:  # noqa: S310  # our own simulator
            accepted = json.load(reply)["accepted"]
        return sum(entry["prompt"] == prompt for entry in accepted)


def photo() -> bytes:
    """Return a PNG of a video's size."""
    buffer = io.BytesIO()
    Image.new("RGB", (1280, 720), (30, 160, 60)).save(buffer, "PNG")
    return buffer.getvalue()
