"""How tests read the boards' tiles: everything of one client company, and what a reader chose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.boards import BOARDS
from dashboards.boards.statements import statement
from dashboards.boards.tiles import Board, Tile
from dashboards.boards.words import board_words
from dashboards.preview.macros import Choices, expand
from tests.dashboards import board_rows
from tests.dashboards.board_rows import STORY
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import CLIENT, NOW

WORDS = board_words("it")
ROME = "Europe/Rome"
EVERY = [(board, tile) for board in BOARDS for tile in board.tiles]
TILES = {tile.id: (board, tile) for board, tile in EVERY}
ONE_CLIENT = board_rows.one_client()
Shown = dict[str, list[dict[str, Any]]]
"""Rows by tile and board."""


def name(case: Any) -> str:
    return getattr(case, "id", "")


def asked(board: Board, **choices: Any) -> Choices:
    agency = ("ferro-recuperi",) if board.id == "agency" else ()
    return Choices(**{"client": CLIENT, "to": NOW, "agencies": agency, **choices})


def read(
    engine: Engine,
    tile: Tile,
    chosen: Choices,
    words: Mapping[str, str] = WORDS,
    prefix: str = "",
    **more: str,
) -> list[dict[str, Any]]:
    sql = prefix + statement(tile, words, ROME)
    return engine.read(*expand(sql, chosen, {"driver": "any", "conversation": STORY, **more}))
