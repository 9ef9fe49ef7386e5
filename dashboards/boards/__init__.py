"""The dashboards of Grafana as data: which panels, of which queries, drawn how."""

from dashboards.boards.agency import AGENCY
from dashboards.boards.live import LIVE
from dashboards.boards.operations import OPERATIONS
from dashboards.boards.overview import OVERVIEW
from dashboards.boards.tiles import Board
from dashboards.boards.voices import VOICES

BOARDS: tuple[Board, ...] = (OVERVIEW, AGENCY, VOICES, LIVE, OPERATIONS)
"""In the order that a manager reads them; the last is for the team that runs Ascolto."""
