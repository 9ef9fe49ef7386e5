"""`ascolto`: the command line. Logs and progress go to stderr, results to stdout.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C. Parts are imported when a
command needs them, so that `--help` answers at once.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.alerting import alerts, notify
from infra.cli.failures import FAILED, STOPPED, cannot_write, counted, described, say
from infra.cli.figures import commands as figure_commands
from infra.cli.grafana import dashboards, tenants
from infra.cli.importing import commands as importing_commands
from infra.cli.operate import calls, keys, models, registry
from infra.cli.operate import commands as operating_commands
from infra.cli.options import (
    ChannelLayout,
    DataDir,
    EventsFile,
    Language,
    failure,
    read_settings,
    require_text,
    wrong_usage,
)
from infra.cli.run import commands as run_commands
from infra.scoring.catalogue import ScorerName

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    help=(
        "Listens to what collection agencies say to a company's customers, and shows, agency by "
        "agency, how they were treated, whether they paid and whether they left.\n\n"
        "New here? [bold]ascolto demo[/bold] shows it with moving figures. Something amiss? "
        "[bold]ascolto doctor[/bold] says what and how to fix it."
    ),
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"ascolto {version('ascolto')}")
        raise typer.Exit


app.add_typer(run_commands.app, name="run")
app.add_typer(figure_commands.app)
app.add_typer(dashboards.app, name="dashboards")
app.add_typer(tenants.app, name="tenants")
app.add_typer(operating_commands.admin_app, name="admin")
app.add_typer(calls.app, name="calls")
app.add_typer(operating_commands.letters_app, name="dead-letters")
app.add_typer(alerts.app, name="alerts")
app.add_typer(notify.app, name="notify")
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.add_typer(registry.app, name="registry")
app.add_typer(importing_commands.app, name="import")


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say which it is."),
    ] = False,
) -> None:
    """Options of the command itself."""


@app.command()
def demo(
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(help="The same seed plays the same events.")] = 1,
    exit_: Annotated[
        bool, typer.Option("--exit", help="End when all events are processed.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Last line: the figures as JSON.")
    ] = False,
    calls: Annotated[int, typer.Option(min=100, help="Conversations to simulate.")] = 5_000,
    language: Annotated[Language, typer.Option(help="Language of the page.")] = Language.ITALIAN,
) -> None:
    """Play 120 days of three agencies through the whole system, real audio calls included.

    Takes some minutes; the same command resumes where it was stopped. Afterwards, with the same
    data directory: [bold]ascolto figures --window 90d[/bold]
    """
    from infra.cli.alerting.running import require_targets
    from infra.cli.run.demo import run_demo

    settings = read_settings(data_dir)
    require_targets(settings)
    raise typer.Exit(
        run_demo(
            settings, seed=seed, calls=calls, ends=exit_, as_json=as_json, language=language.value
        )
    )


@app.command()
def emit(
    file: EventsFile,
    kafka: Annotated[
        str | None, typer.Option(help="Bootstrap servers. Default: ASCOLTO_KAFKA.")
    ] = None,
) -> None:
    """Send a file of events to Kafka, each confirmed; lines that are no events are refused.

    Example: [bold]ascolto emit events.jsonl --kafka kafka-1:9092,kafka-2:9092[/bold]
    """
    from infra.cli.operate.emit import emit_file

    require_text(file, "an event")
    settings = read_settings(None)
    cluster = settings.cluster
    raise typer.Exit(emit_file(file, replace(cluster, bootstrap=kafka) if kafka else cluster))


@app.command()
def simulate(
    out: Annotated[Path | None, typer.Option(help="File to write. Default: stdout.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 1,
    calls: Annotated[int, typer.Option(min=1, help="Conversations.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, help="Days of event time.")] = 120,
    duplicates: Annotated[
        float, typer.Option(min=0, max=1, help="Share of events that come twice.")
    ] = 0.0,
    late: Annotated[
        float, typer.Option(min=0, max=1, help="Share of events that come late.")
    ] = 0.0,
    truth: Annotated[Path | None, typer.Option(help="File for the known truth, as JSON.")] = None,
) -> None:
    """Write the events of three simulated agencies, whose truth is known.

    Example: [bold]ascolto simulate --calls 500 --out events.jsonl --truth truth.json[/bold]
    """
    from infra.cli.run.simulate import simulate_to
    from infra.simulation import SimulationSettings

    settings = SimulationSettings(
        seed=seed, calls=calls, days=days, duplicates=duplicates, late=late
    )
    if out is None:
        simulate_to(sys.stdout, settings, truth)
        return
    try:
        with out.open("w", encoding="utf-8") as file:
            written = simulate_to(file, settings, truth)
    except OSError as error:
        raise failure(cannot_write(Path(error.filename or out), error)) from error
    say(f"wrote {counted(written, 'event')} to {out}")


@app.command()
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a file.")] = False,
    layout: Annotated[
        ChannelLayout | None,
        typer.Option(
            help="stereo: operator left, customer right; tracks: operator in the first track, "
            "customer in the second; -swapped: the other way round; separate: two files, the "
            "operator's and the customer's. Default: stereo where a file has two channels, else "
            "mono."
        ),
    ] = None,
    sound_format: Annotated[
        str | None,
        typer.Option(
            "--format", help="Of files without a header, as s16le@8000x2: samples, rate, channels."
        ),
    ] = None,
    mono: Annotated[
        bool | None, typer.Option("--mono/--stereo", help="The same as --layout mono, stereo.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language spoken, as it or en.")] = "it",
    model: Annotated[
        str | None,
        typer.Option(
            help="packaged-base, a faster-whisper name, or a path. Default: ASCOLTO_MODEL."
        ),
    ] = None,
    words: Annotated[
        str, typer.Option(help="Words to expect, separated by commas: names of products.")
    ] = "",
) -> None:
    """Transcribe recordings: who said what, when.

    Example: [bold]ascolto transcribe call.wav --language it --json[/bold]
    """
    from infra.cli.one_call.transcribe import Request, call_sources
    from infra.cli.one_call.transcribe import transcribe as transcribe_files
    from infra.recordings.file_formats import is_headerless
    from infra.transcription.transcriber import transcriber_of

    if layout is not None and mono is not None:
        raise typer.BadParameter("give --layout, or --mono or --stereo, not both")
    if mono is not None:
        layout = ChannelLayout.MONO if mono else ChannelLayout.STEREO
    if layout is ChannelLayout.SEPARATE and len(files) != 2:
        raise typer.BadParameter(
            "--layout separate takes two files, the operator's and the customer's: "
            f"{len(files)} given"
        )
    if sound_format is not None and not is_headerless(sound_format):
        raise typer.BadParameter(
            f"--format {sound_format!r}: samples, rate and channels are needed, as s16le@8000x2 or "
            "alaw@8000; samples: s16le, s16be, u8, s8, s24le, s32le, f32le, alaw, ulaw"
        )
    settings = read_settings(None)
    expected = [word.strip() for word in words.split(",") if word.strip()]
    raise typer.Exit(
        transcribe_files(
            files,
            call_sources(files, None if layout is None else layout.value, sound_format),
            transcriber_of(settings, model),
            Request(language, [*expected, *settings.words_of("*")]),
            as_json=as_json,
            at_once=settings.transcriptions_at_once,
        )
    )


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="JSON lines, or - for standard input.")] = Path("-"),
    scorer: Annotated[
        ScorerName | None,
        typer.Option(help="encoder: learned; lexicon: phrases only. Default: ASCOLTO_SCORER."),
    ] = None,
) -> None:
    """Score conversations: JSON lines in, JSON lines out.

    A line: {"id": "1", "turns": [{"speaker": "operator", "text": "..."}]}

    Speakers are operator, customer and unknown. Optional: "language"
    (it, the default, or en), "survey_rating" (0 to 10), "people" (names
    to take out). What 'ascolto transcribe --json' prints fits as it is.
    """
    if str(file) != "-":
        require_text(file, "a conversation")
    from infra.cli.one_call.score import score as score_lines
    from infra.scoring.catalogue import scorer_of

    reader = scorer_of(scorer or read_settings(None).scorer)
    if str(file) == "-":
        raise typer.Exit(score_lines(sys.stdin, sys.stdout, reader))
    with file.open(encoding="utf-8", errors="replace") as lines:
        raise typer.Exit(score_lines(lines, sys.stdout, reader))


@app.command()
def redact(
    file: Annotated[Path, typer.Argument(help="JSON lines, or - for standard input.")] = Path("-"),
) -> None:
    """Take personal data out of conversations: JSON lines in, JSON lines out.

    A line is as for [bold]ascolto score[/bold]; what comes out has placeholders
    such as [NOME] in its texts, and "found": what was taken out, as
    [{"turn": 0, "kind": "NOME", "count": 1}].
    """
    if str(file) != "-":
        require_text(file, "a conversation")
    from infra.cli.one_call.redact import redact as redact_lines

    if str(file) == "-":
        raise typer.Exit(redact_lines(sys.stdin, sys.stdout))
    with file.open(encoding="utf-8", errors="replace") as lines:
        raise typer.Exit(redact_lines(lines, sys.stdout))


@app.command()
def doctor(
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    importer: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Watched folders to check too (YAML).",
        ),
    ] = None,
) -> None:
    """Check settings, data directory, Kafka and ClickHouse, and say how to fix what is wrong.

    Exit code 1 if anything is. Where ASCOLTO_KAFKA and ASCOLTO_CLICKHOUSE_URL are set, those are
    checked too.
    """
    from infra.cli.doctor.report import run_checks

    if data_dir is not None and not data_dir.is_dir():
        raise wrong_usage(
            f"there is no directory {data_dir}: check --data-dir; without it doctor checks the "
            "default one"
        )
    raise typer.Exit(run_checks(read_settings(data_dir), importer, as_json=as_json))


def main() -> None:
    """Entry point of the `ascolto` command."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    # Its own lines on every attempt at a broker that is away would drown ours.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        app()
    except BrokenPipeError:
        # The reader of a pipe, such as head, has read enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(STOPPED)
    except OSError as error:
        say(described(error))
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
