"""The pages: one HTML file, filled in for each with its title, main element and script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from aiohttp import web

from dashboards.preview.asked import asked_language
from dashboards.texts import texts

THEMES = ("light", "dark")
"""What `?theme=` chooses; without it a page follows the reader's system."""


@dataclass(frozen=True)
class View:
    """A page: its path, the key of its title, the id of its main element, and its script."""

    path: str
    title: str
    main: str
    script: str

    async def serve(self, request: web.Request) -> web.Response:
        """The page, before any data: it waits for no store."""
        language = asked_language(request)
        words = texts(language)
        theme = request.query.get("theme", "")
        places = {
            "language": escape(language),
            "theme": theme if theme in THEMES else "",
            "title": escape(words[self.title]),
            "skip": escape(words["ui.skip"]),
            "loading": escape(words["ui.loading"]),
            "main": self.main,
            "script": self.script,
        }
        page = files(__package__).joinpath("static", "index.html").read_text(encoding="utf-8")
        for name, value in places.items():
            page = page.replace(f"{{{{{name}}}}}", value)
        return web.Response(text=page, content_type="text/html")


VIEWS = (
    View("/", "dashboard.title", "dashboard", "dashboard.js"),
    View("/conversations", "conversations.title", "conversations", "conversations.js"),
    View("/conversation", "conversation.title", "conversation", "conversation.js"),
    View("/coaching", "coaching.title", "coaching", "coaching.js"),
    View("/calls", "outcomes.title", "outcomes", "calls.js"),
)


def static_files() -> Iterator[tuple[str, bytes]]:
    """The page's own files: name and content."""
    for path in files(__package__).joinpath("static").iterdir():
        if path.name != "index.html" and path.is_file():
            yield path.name, path.read_bytes()
