"""`python -m infra.lab.numbers`: learn and measure the recogniser of spoken numbers.

learn       speak answers of the split train, and write infra/transcription/numbers.npz
measure     speak answers of the split test, by other voices, and show what is recognised
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from infra.lab.numbers.fitting import fit
from infra.lab.numbers.samples import Sample, samples
from infra.lab.numbers.voices import ENGINES
from infra.transcription import spoken_numbers
from infra.transcription.model_files import ModelChoice
from infra.transcription.rating_answers import LEAST_PROBABILITY
from infra.transcription.spoken_numbers import CLASSES, NumberNetwork, number_network
from infra.transcription.whisper_model import LoadedModel
from processors.metrics.rates import rate

WEIGHTS = Path(spoken_numbers.__file__).with_name(spoken_numbers.WEIGHTS)


def main() -> int:
    """Run the command of the arguments; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.lab.numbers", description=__doc__)
    parser.add_argument("command", choices=["learn", "measure"])
    parser.add_argument("--count", type=int, default=2300, help="answers spoken (default 2300)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    given = parser.parse_args()
    split = "train" if given.command == "learn" else "test"
    model = LoadedModel(ModelChoice(), workers=2, beam_size=1)
    spoken = list(samples(split, given.count, model, given.seed, given.engines))
    if given.command == "learn":
        network = fit([one.encoded for one in spoken], [one.number for one in spoken], given.seed)
        arrays = {name: array.astype(np.float16) for name, array in asdict(network).items()}
        np.savez_compressed(WEIGHTS, allow_pickle=False, **arrays)
    else:
        network = number_network()
    for engine in ENGINES:
        _show(engine, [one for one in spoken if one.spoken.engine == engine], network)
    return 0


def _show(engine: str, spoken: Sequence[Sample], network: NumberNetwork) -> None:
    right = wrong = invented = numbers = 0
    for one in spoken:
        encoded = one.encoded.astype(np.float32)
        probabilities = network.probabilities(network.evidence(encoded))[: CLASSES - 1]
        value = int(np.argmax(probabilities))
        is_sure = bool(probabilities[value] >= LEAST_PROBABILITY)
        numbers += one.number is not None
        right += is_sure and value == one.number
        wrong += is_sure and one.number is not None and value != one.number
        invented += is_sure and one.number is None
    others = len(spoken) - numbers
    for name, k, n in (
        ("numbers right", right, numbers),
        ("another number", wrong, numbers),
        ("a number in another answer", invented, others),
    ):
        found = rate(k, n)
        if found.value is not None:
            print(
                f"{engine:10}{name:30}{found.value:.3f}"
                f" [{found.low:.3f}, {found.high:.3f}], {k} of {n}"
            )


if __name__ == "__main__":
    sys.exit(main())
