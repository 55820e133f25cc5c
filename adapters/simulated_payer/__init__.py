"""A payer and its clearinghouse that exist only here: what `make run` and the tests send claims to.

It is the other side, so it knows none of our rules: it decides by its own (rules.py) and keeps its own book (book.py),
to the cent. It says what it is in every file: sender SIMPAYER, usage T; it answers for payer ids SIMPAYER… and SAMPLE….
Production files it leaves lying. The same seed, files and clock give the same answers.
"""

from adapters.simulated_payer.book import BookEntry, BookLine, Check, Standing
from adapters.simulated_payer.files import AnswerFile
from adapters.simulated_payer.here import work_here
from adapters.simulated_payer.payer import SimulatedPayer
from adapters.simulated_payer.rules import CLEAN, SAMPLE, SEASON, PayerRules, Shown, Treatment

__all__ = [
    "CLEAN",
    "SAMPLE",
    "SEASON",
    "AnswerFile",
    "BookEntry",
    "BookLine",
    "Check",
    "PayerRules",
    "Shown",
    "SimulatedPayer",
    "Standing",
    "Treatment",
    "work_here",
]
