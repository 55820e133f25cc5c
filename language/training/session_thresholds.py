"""From which score a passage of a whole session is raised: few ordinary sessions may have one.

    python -m language.training.session_thresholds

Reads the shipped classifier over ordinary talk of a session's length: the patients' turns of ACI-Bench's training
visits (CC BY 4.0), and this project's own ordinary training texts, joined as many at a time as an hour holds. The
fictional sessions of tests/data/notes are not read. Writes ``session_raw`` into thresholds.json and its manifest anew.
"""

import json
import random
from collections.abc import Iterator

import numpy as np

from language.manifests import read_manifest, write_manifest
from language.note_values import Role
from language.plain import plain
from language.risk_classifier import SHIPPED, THRESHOLDS, raw_of, settings
from language.risk_network import NETWORK, load_network
from language.risk_values import SignalKind
from language.training import note_corpora
from language.training.train_risk import own_texts

SEED = 20261126
TEXTS_OF_AN_HOUR = 40
HOURS = 60
ORDINARY_SESSIONS_RAISED = 0.05
"""The share of ordinary sessions in which any kind may raise anything, a seventh of it for each."""


def main() -> None:
    """Measure, write, say what was written."""
    sessions = [plain(each).text for each in ordinary_sessions()]
    of = settings(SHIPPED)
    heard = raw_of(sessions, load_network(SHIPPED).scores, of.together, of.taken_back)
    highest = np.array([each.max(0) for each in heard])
    raw = np.quantile(highest, 1 - ORDINARY_SESSIONS_RAISED / len(SignalKind), axis=0)
    stored = json.loads((SHIPPED / THRESHOLDS).read_text(encoding="utf-8"))
    stored["session_raw"] = {kind.value: round(float(raw[column]), 4) for column, kind in enumerate(SignalKind)}
    (SHIPPED / THRESHOLDS).write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    manifest = read_manifest(SHIPPED)
    write_manifest(SHIPPED, manifest.version, manifest.licence, (NETWORK, THRESHOLDS))
    print(json.dumps({"sessions": len(sessions), "session_raw": stored["session_raw"]}))


def ordinary_sessions() -> Iterator[str]:
    """What a patient says in an hour in which nothing of risk is said, line by line."""
    for visit in note_corpora.aci("train"):
        yield "\n".join(turn.text for turn in visit.turns if turn.role is Role.PATIENT)
    ordinary = [text.text for text in own_texts() if text.kind is None]
    random.Random(SEED).shuffle(ordinary)
    for start in range(0, HOURS * TEXTS_OF_AN_HOUR, TEXTS_OF_AN_HOUR):
        yield "\n".join(ordinary[start : start + TEXTS_OF_AN_HOUR])


if __name__ == "__main__":
    main()
