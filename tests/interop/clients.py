"""Clients of both ends: the studio's REST API and the simulator's control API."""

from typing import Any

import httpx2

from tests.studio import wait_until


class RestClient:
    """A client of the studio's REST API, with a token."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx2.Client(base_url=f"{url}/api/v1", headers=headers, timeout=30, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        return _body(self._http.get(path))

    def post(self, path: str, **fields: Any) -> Any:
        return _body(self._http.post(path, json=fields))

    def wait_until_done(self, video: dict[str, Any]) -> dict[str, Any]:
        """Return the video once it is completed, has failed or needs a decision."""
        latest: dict[str, Any] = {}

        def is_done() -> bool:
            latest.update(self.get(f"/videos/{video['id']}"))
            return latest["status"] in ("completed", "failed") or latest["needs_decision"]

        wait_until(is_done)
        return latest

    def download(self, video: dict[str, Any]) -> bytes:
        reply = self._http.get(f"/videos/{video['id']}/download")
        assert reply.status_code == 200, reply.text
        return reply.content


class ControlClient:
    """A client of the simulator's control API: its ledger and its faults."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx2.Client(base_url=f"{url}/_simulator", headers=headers, timeout=30, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def accepted_jobs(self, prompt: str) -> list[dict[str, Any]]:
        """Return the jobs it has accepted with this prompt; each would have been billed."""
        entries: list[dict[str, Any]] = _body(self._http.get("/ledger"))["accepted"]
        return [entry for entry in entries if entry["prompt"] == prompt]

    def inject_fault(self, **rule: Any) -> None:
        _body(self._http.post("/faults", json={"rules": [rule]}))

    def clear_faults(self) -> None:
        _body(self._http.delete("/faults"))


def _body(reply: httpx2.Response) -> Any:
    assert reply.is_success, f"{reply.request.url}: HTTP {reply.status_code} {reply.text}"
    return reply.json()
