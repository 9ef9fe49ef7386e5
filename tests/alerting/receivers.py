"""Real receivers of messages on this machine: a web service, and a mail server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web


@dataclass
class WebService:
    """Takes JSON by POST, as a webhook's receiver does."""

    url: str = ""
    """Of apprise: json://127.0.0.1:PORT/secret-path."""
    received: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    """What it answers; with 500 it takes nothing."""
    refuses: str | None = None
    """Messages with this in the title are refused."""
    delay: float = 0.0
    """Seconds between taking a message and answering."""
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: it answers; cleared: it takes messages and does not answer until it is set."""
    tried: int = 0
    """How often it was called."""

    def __post_init__(self) -> None:
        self.answers.set()

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.received]

    async def take(self, request: web.Request) -> web.Response:
        self.tried += 1
        content = await request.json()
        if self.refuses is not None and self.refuses in content["title"]:
            return web.Response(status=400)
        if self.status == 200:
            self.received.append(content)
            self.headers.append(dict(request.headers))
        await self.answers.wait()
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status)


@asynccontextmanager
async def web_service() -> AsyncIterator[WebService]:
    """A web service while the block runs."""
    service = WebService()
    app = web.Application()
    app.router.add_post("/{path:.*}", service.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    service.url = f"json://127.0.0.1:{port}/secret-path"
    try:
        yield service
    finally:
        await runner.cleanup()


@dataclass
class MailServer:
    """Speaks as much SMTP as it takes to be given mail."""

    url: str = ""
    """Of apprise: mailto://... to anna@cliente.example."""
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    delay: float = 0.0
    """Seconds between taking a message and answering."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"RCPT":
                recipients.append(line.decode().partition("<")[2].partition(">")[0])
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                content = await reader.readuntil(b"\r\n.\r\n")
                found = message_from_bytes(content[:-5], policy=policy.default)
                assert isinstance(found, EmailMessage)
                self.received.append(found)
                self.recipients.append(recipients)
                recipients = []
                await asyncio.sleep(self.delay)
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                break
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server while the block runs."""
    mail = MailServer()
    server = await asyncio.start_server(mail.talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mail.url = (
        f"mailto://127.0.0.1:{port}/?mode=insecure&from=ascolto@lumina.example"
        "&to=anna@cliente.example"
    )
    async with server:
        yield mail
