"""The code in docs/api.md by which receivers verify: run as it stands there, with a signature of ours."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from webhooks.signing import new_secret, sign

API = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
BODY = '{"type": "webhook.test", "data": {"message": "“yes”"}}'


def _block(language: str, word: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```", API, flags=re.MULTILINE | re.DOTALL)
    (found,) = [each for each in blocks if word in each]
    return found


def _headers(secret: str, at: float) -> dict[str, str]:
    return sign("msg_1", int(at), BODY.encode(), [new_secret(), secret])


def test_the_one_in_python():
    secret = new_secret()

    class Request:
        body, headers = BODY.encode(), _headers(secret, time.time())

    names: dict[str, object] = {"request": Request}
    exec(_block("python", "standardwebhooks").replace("whsec_…", secret), names)  # noqa: S102
    assert names["event"] == json.loads(BODY)


@pytest.mark.parametrize(
    ("age", "is_own_secret", "outcome"),
    [(0, True, "webhook.test"), (600, True, "too old"), (0, False, "not signed by the studio")],
)
def test_the_one_in_node(tmp_path: Path, age: int, is_own_secret: bool, outcome: str):
    node = shutil.which("node")
    if node is None:
        pytest.fail("Node is not installed") if os.environ.get("CI") else pytest.skip("Node is not installed")
    secret = new_secret()
    headers = _headers(secret if is_own_secret else new_secret(), time.time() - age)
    call = f"""
try {{ console.log(verify({json.dumps(secret)}, {json.dumps(headers)}, {json.dumps(BODY)}).type); }}
catch (error) {{ console.log(error.message); }}"""
    (tmp_path / "receiver.mjs").write_text(_block("js", "timingSafeEqual") + call)
    ran = subprocess.run([node, tmp_path / "receiver.mjs"], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == outcome
