"""What people and programs do meanwhile: they ask for videos and poll pages, on whichever server is there."""

import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.upgrade.environment import PASSWORD

TIMEOUT = 60.0  # seconds for one response, on a machine that is busy
PAGES = ("/", "/library/", "/queue/", "/api/v1/videos", "/v1/videos?limit=20", "/health")
PAUSE = 0.2  # seconds between two pages of one reader
BETWEEN_VIDEOS = 1.5  # seconds


class Rotation:
    """The web servers that get requests, as a load balancer has them: by port, each in its turn."""

    def __init__(self) -> None:
        self._ports: list[int] = []
        self._busy: Counter[int] = Counter()
        self._turn = itertools.count()
        self._changed = threading.Condition()

    def add(self, port: int) -> None:
        with self._changed:
            self._ports.append(port)

    def remove(self, port: int) -> None:
        """Send no more requests there, and wait until those that are under way have their responses."""
        with self._changed:
            self._ports.remove(port)
            assert self._changed.wait_for(lambda: not self._busy[port], timeout=2 * TIMEOUT)

    @contextmanager
    def server(self) -> Iterator[str]:
        with self._changed:
            port = self._ports[next(self._turn) % len(self._ports)]
            self._busy[port] += 1
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            with self._changed:
                self._busy[port] -= 1
                self._changed.notify_all()


class Traffic:
    """One person's session in a browser and one program with a token, until `stop`."""

    def __init__(self, rotation: Rotation, token: str, *, videos: int) -> None:
        self._rotation = rotation
        self._token = {"Authorization": f"Bearer {token}"}
        self._client = httpx2.Client(timeout=TIMEOUT, trust_env=False)
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._create, args=(videos,), daemon=True),
            *(threading.Thread(target=self._read, daemon=True) for _ in range(2)),
        ]
        self.ids: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.violations: list[str] = []

    def start(self) -> None:
        self._sign_in()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(3 * TIMEOUT)

    def has_created_all(self) -> bool:
        return not self._threads[0].is_alive()

    def status_of(self, public_id: str) -> str:
        response = self._ask("GET", f"/v1/videos/{public_id}", headers=self._token)
        return str(response.json()["status"]) if response is not None and response.is_success else "unknown"

    def has_file(self, public_id: str) -> bool:
        """Whether whichever server's turn it is sends the video, or to where it is stored."""
        path = f"/v1/videos/{public_id}/content"
        response = self._ask("GET", path, headers=self._token, follow_redirects=True)
        return response is not None and response.is_success and len(response.content) > 0

    def _sign_in(self) -> None:
        """Sign in on one server; the session is good for all of them."""
        page = self._ask("GET", "/accounts/login/")
        assert page is not None
        (csrf,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[:1]
        fields = {"login": "owner", "password": PASSWORD, "csrfmiddlewaretoken": csrf}
        signed_in = self._ask("POST", "/accounts/login/", data=fields)
        assert signed_in is not None
        assert signed_in.status_code == 302, signed_in.text[:500]

    def _create(self, count: int) -> None:
        for number in range(count):
            body = {"model": "sora-2", "prompt": f"A boat, take {number}", "seconds": "4", "size": "1280x720"}
            response = self._ask("POST", "/v1/videos", json=body, headers=self._token)
            if response is not None and response.is_success:
                self.ids.append(response.json()["id"])
            else:
                self.violations.append(f"video {number} was not taken")
            if self._stopped.wait(BETWEEN_VIDEOS):
                return

    def _read(self) -> None:
        for page in itertools.cycle(PAGES):
            headers = self._token if page.startswith(("/api/", "/v1/")) else {}
            response = self._ask("GET", page, headers=headers)
            if response is not None and response.status_code != 200:
                self.violations.append(f"GET {page}: {response.status_code}")
            if self._stopped.wait(PAUSE):
                return

    def _ask(self, method: str, path: str, **options: object) -> httpx2.Response | None:
        """Return the response, after noting it. A request that gets none is a violation."""
        with self._rotation.server() as server:
            try:
                response = self._client.request(method, server + path, **options)  # type: ignore[arg-type]
            except httpx2.HTTPError as error:
                self.violations.append(f"{method} {server}{path}: {error!r}")
                return None
        self.statuses[response.status_code] += 1
        if response.status_code >= 500:
            self.violations.append(f"{time.strftime('%X')} {method} {server}{path}: {response.status_code}")
        return response
