"""`python -m infra.lab.training`: learn the weights, or measure them.

learn       from material/train: writes processors/weights/heads.npz and figures.json
evaluate    the figures on material/test, or with --split conduct/test, or train (which flatters)
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from infra.lab.training.evaluation import Figures, evaluate, rating_figures
from infra.lab.training.learning import learn
from infra.lab.training.material import load_material
from infra.lab.training.out_of_fold_figures import figures_out_of_fold
from infra.scoring.sentence_encoder import SentenceEncoder
from processors.encoder.network import Weights
from processors.encoder.scorer import EncoderReader
from processors.scoring.lexicon_scorer import LexiconReader
from processors.scoring.scorer import TurnReader

WEIGHTS = Path(__file__).parents[3] / "processors" / "weights"


def main() -> None:
    """Run the command of the arguments."""
    parser = argparse.ArgumentParser(prog="python -m infra.lab.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("learn")
    measuring = commands.add_parser("evaluate")
    measuring.add_argument("--split", choices=["test", "conduct/test", "train"], default="test")
    measuring.add_argument("--scorer", choices=["encoder", "lexicon"], default="encoder")
    measuring.add_argument(
        "--author",
        help="one author's material only: t, y, zh or zi of test, xh, zk, zq, zt or zw of "
        "conduct/test",
    )
    arguments = parser.parse_args()
    # Sums of BLAS depend on the number of threads: one, so that the weights can be made again.
    with threadpool_limits(limits=1):
        if arguments.command == "learn":
            figures = _learn()
        else:
            reader: TurnReader = LexiconReader()
            if arguments.scorer == "encoder":
                reader = EncoderReader(SentenceEncoder())
            material = load_material(arguments.split, arguments.author)
            if not (material.operators or material.customers or material.calls):
                parser.error(f"{arguments.author!r} wrote nothing in {arguments.split}")
            figures = evaluate(material, reader)
    for name, value in figures.items():
        print(f"{name:36}{'null' if value is None else value}")


def _learn() -> Figures:
    material = load_material("train")
    weights, learned, sums, rating = learn(material, SentenceEncoder())
    _store(weights)
    figures = figures_out_of_fold(material, learned, sums, weights.thresholds)
    figures |= rating_figures(rating.pairs)
    rounded = {name: None if v is None else round(v, 4) for name, v in figures.items()}
    text = json.dumps(rounded, indent=2) + "\n"
    (WEIGHTS / "figures.json").write_text(text, encoding="utf-8")
    return rounded


def _store(weights: Weights) -> None:
    names = sorted(weights.thresholds)
    arrays: dict[str, NDArray[np.generic]] = {
        "threshold_names": np.array(names),
        "thresholds": np.array([weights.thresholds[name] for name in names]),
        "rating": weights.rating,
        "rating_cuts": weights.rating_cuts,
    }
    if weights.call_drivers is not None:
        arrays["call_drivers"] = weights.call_drivers
    for speaker, head in weights.heads.items():
        arrays |= {f"{speaker.value}_{name}": array for name, array in head.arrays().items()}
    np.savez_compressed(WEIGHTS / "heads.npz", allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
