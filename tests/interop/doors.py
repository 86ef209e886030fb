"""The two ends that a test sees: the studio's REST API, and what the simulator has in its ledger."""

from typing import Any

import httpx2

from tests.running import wait_until


class Rest:
    """The studio's REST API with a token."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx2.Client(base_url=f"{url}/api/v1", headers=headers, timeout=30, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        return _body(self._http.get(path))

    def post(self, path: str, **fields: Any) -> Any:
        return _body(self._http.post(path, json=fields))

    def ended(self, video: dict[str, Any]) -> dict[str, Any]:
        """The video once it is completed, failed or waits for its owner."""
        seen: dict[str, Any] = {}

        def is_over() -> bool:
            seen.update(self.get(f"/videos/{video['id']}"))
            return seen["status"] in ("completed", "failed") or seen["needs_decision"]

        wait_until(is_over)
        return seen

    def file(self, video: dict[str, Any]) -> bytes:
        reply = self._http.get(f"/videos/{video['id']}/download")
        assert reply.status_code == 200, reply.text
        return reply.content


class ControlClient:
    """The client of the simulator's control API: what it accepted, and the faults it injects."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=f"{url}/_simulator", timeout=30, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def accepted(self, prompt: str) -> list[dict[str, Any]]:
        """The jobs it accepted with that prompt, each of which somebody would have paid for."""
        entries: list[dict[str, Any]] = _body(self._http.get("/ledger"))["accepted"]
        return [entry for entry in entries if entry["prompt"] == prompt]

    def inject_fault(self, **rule: Any) -> None:
        _body(self._http.post("/faults", json={"rules": [rule]}))

    def clear_faults(self) -> None:
        _body(self._http.delete("/faults"))


def _body(reply: httpx2.Response) -> Any:
    assert reply.is_success, f"{reply.request.url}: HTTP {reply.status_code} {reply.text}"
    return reply.json()
