"""The HTTP server, which can stop listening for a while."""

from __future__ import annotations

import asyncio
from socket import socket

import uvicorn
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.fault_rules import FaultRule
from simulator.faulty_responses import TransportExposingProtocol
from simulator.outages import Outage
from simulator.settings import Settings

_SHUTDOWN_SECONDS = 1


def server_config(settings: Settings, rules: list[FaultRule], host: str, port: int) -> uvicorn.Config:
    """Return uvicorn's configuration, the same for the command and for tests."""
    return uvicorn.Config(
        create_app(settings, rules),
        host=host,
        port=port,
        http=TransportExposingProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        date_header=False,  # the application's own says what the clock_offset says
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )


class Server(uvicorn.Server):
    """uvicorn that can close its listening socket and open it again."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start listening, and take orders from the application's outage."""
        await super().startup(sockets)
        if isinstance(self.config.app, Starlette):
            outage: Outage = self.config.app.state.outage
            outage.refuse_connections = self.refuse_connections

    async def refuse_connections(self, seconds: float) -> None:
        """Close the listening socket and every connection, and listen at the same address again later."""
        addresses = [listener.getsockname()[:2] for server in self.servers for listener in server.sockets]
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await asyncio.sleep(seconds)
        if not self.should_exit:
            for host, port in addresses:
                self.servers.append(
                    await asyncio.get_running_loop().create_server(self._create_protocol, host, port)
                )

    def _create_protocol(self) -> asyncio.Protocol:
        return TransportExposingProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
