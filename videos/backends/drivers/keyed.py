"""Drivers of services that know us by a key: what a 401 or 403 is about, found out before it is believed."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TypeGuard

from videos.backends.drivers.interface import Driver
from videos.backends.errors import BackendError, RefusedError
from videos.backends.key_check import KeyCheck, with_verdict
from videos.backends.responses import Job


def _may_concern_account(answer: Job | BackendError) -> TypeGuard[RefusedError]:
    return isinstance(answer, RefusedError) and answer.may_concern_account


class KeyedDriver(Driver):
    """A driver that can check its key for free."""

    @abstractmethod
    async def _check_key(self) -> KeyCheck:
        """Return whether the service accepts the key, within 5 s. Raises nothing."""

    async def retrieve_many(
        self, job_ids: Iterable[str], *, concurrency: int
    ) -> dict[str, Job | BackendError]:
        """See `Driver.retrieve_many`. When the service shows any of the jobs, a 401 or 403 on another is
        about that one; otherwise the key is checked once for all.
        """
        found = await super().retrieve_many(job_ids, concurrency=concurrency)
        refused = {key: error for key, error in found.items() if _may_concern_account(error)}
        if not refused or any(isinstance(answer, Job) for answer in found.values()):
            return found
        check = await self._check_key()
        return found | {key: with_verdict(error, check) for key, error in refused.items()}

    @asynccontextmanager
    async def _judge_refusals(self, *, is_paid: bool = False) -> AsyncIterator[None]:
        """Find out whether a 401 or 403 in the block is about the request or about the account.

        Where that cannot be found out, a 401 to a request for paid work (`is_paid`) is taken to be about the
        key, as the standard has it: failing everybody's videos for it would be the greater harm.
        """
        try:
            yield
        except RefusedError as error:
            if not error.may_concern_account:
                raise
            check = await self._check_key()
            if check == "unknown" and is_paid and error.status != 403:
                check = "refused"
            raise with_verdict(error, check) from error
