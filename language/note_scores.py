"""How much a statement belongs into a note, where it belongs, and what a snippet is: small heads on sentence vectors.

Written by language.training.train_notes; weights and settings are files of one version.
"""

import hashlib
import itertools
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from language.manifests import content_of, read_manifest
from language.note_answers import Statement
from language.note_values import Role, Topic, Turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDER = Path(__file__).parent / "weights" / "note_drafting"
WEIGHTS = "heads.safetensors"
SETTINGS = "settings.json"

# The parts of a prescriber's note, as the visit head knows them.
VISIT_TOPICS = (Topic.CONCERN, Topic.HISTORY, Topic.FINDING, Topic.PLAN)
HASHED = 8192


@dataclass(frozen=True)
class Settings:
    """Version, the most words of a visit's note, the headers of snippets, the usual words of each header's section."""

    version: str
    visit_words: int
    headers: tuple[str, ...]
    header_words: dict[str, int]


@cache
def settings() -> Settings:
    """What was written with the weights; raises WeightsDiffer when it is not what the manifest records."""
    stored = json.loads(content_of(FOLDER, SETTINGS))
    return Settings(
        read_manifest(FOLDER).version, stored["visit_words"], tuple(stored["headers"]), stored["header_words"]
    )


def features(statements: Sequence[Statement], vectors: "NDArray[np.float32]") -> "Floats":
    """What the heads see: each statement's vector (384), then ten facts about its form and place: [n, 394]."""
    import numpy as np

    last = max(1, len(statements) - 1)
    forms = [_form(one, index / last) for index, one in enumerate(statements)]
    return np.hstack([vectors, np.array(forms, dtype=np.float64).reshape(len(statements), len(FORM))])


FORM = ("clinician", "answer", "denies", "place", "place2", "length", "log_length", "short", "will", "advised")


def _form(one: Statement, place: float) -> list[float]:
    length = len(one.text.split())
    return [
        float(one.role is Role.CLINICIAN),
        float(len(one.sources) > 1),
        float(one.text.startswith("Denies")),
        place,
        place**2,
        min(length, 40) / 40,
        math.log(1 + length),
        float(length < 5),
        float("We will" in one.text),
        float("advised" in one.text),
    ]


def salience(features_: "Floats", snippet: bool = False) -> "Floats":
    """How much of each statement a person's note (of a snippet: its one section) would hold, roughly 0 to 1: [n]."""
    weights, name = _weights(), "snippet_salience" if snippet else "salience"
    return features_ @ weights[name] + weights[f"{name}_bias"][0]


def passage_chances(features_: "Floats") -> "Floats":
    """How likely each passage of a therapy session tells what a reader should find, roughly 0 to 1: [n]."""
    weights = _weights()
    return features_ @ weights["passage"] + weights["passage_bias"][0]


def visit_topics(features_: "Floats") -> list[Topic]:
    """The part of a prescriber's note that each statement belongs to."""
    weights = _weights()
    return [VISIT_TOPICS[i] for i in (features_ @ weights["section"].T + weights["section_bias"]).argmax(1)]


def therapy_topics(vectors: "NDArray[np.float32]", roles: Sequence[Role]) -> list[Topic]:
    """The topic of each statement of a therapy session, by the sentences that this project wrote for each topic."""
    import numpy as np

    weights = _weights()
    clinician = np.array([[float(role is Role.CLINICIAN)] for role in roles]).reshape(len(roles), 1)
    scores = np.hstack([vectors, clinician]) @ weights["topic"].T + weights["topic_bias"]
    return [tuple(Topic)[int(weights["topic_index"][i])] for i in scores.argmax(1)]


def header_of(turns: Sequence[Turn]) -> str:
    """Which kind of section a snippet of a visit is, in MTS-Dialog's names."""
    import numpy as np

    from language.encoder import load_encoder

    weights = _weights()
    vectors = load_encoder().encode([" ".join(turn.text for turn in turns), *(turn.text for turn in turns)])
    seen = weighted(header_features(turns, vectors), weights["idf"])
    return settings().headers[int(np.argmax(seen @ weights["header"].astype(np.float64).T + weights["header_bias"]))]


def header_features(turns: Sequence[Turn], vectors: "NDArray[np.float32]") -> "Floats":
    """A snippet's own vector (row 0), its turns' mean (the other rows), its hashed words and pairs of words: [8960]."""
    import numpy as np

    bag = np.zeros(HASHED)
    for turn in turns:
        terms = re.findall(r"[a-z]+", turn.text.lower())
        who = "d:" if turn.role is Role.CLINICIAN else "p:"
        for term in [*(who + t for t in terms), *terms, *(f"{a} {b}" for a, b in itertools.pairwise(terms))]:
            bag[_bucket(term)] += 1
    return np.concatenate([vectors[0], vectors[1:].mean(0), np.log1p(bag)])


def weighted(seen: "Floats", idf: "NDArray[np.float32] | Floats") -> "Floats":
    """The same with rare terms counting more, and the terms together as long as one vector."""
    import numpy as np

    bag = seen[-HASHED:] * idf
    return np.concatenate([seen[:-HASHED], bag / max(1e-9, float(np.linalg.norm(bag)))])


@cache
def _bucket(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest()) % HASHED


@cache
def _weights() -> dict[str, "NDArray[np.float32]"]:
    from safetensors.numpy import load

    return dict(load(content_of(FOLDER, WEIGHTS)))


def forget() -> None:
    """Read weights and settings anew at the next call: for whoever writes them."""
    _weights.cache_clear()
    settings.cache_clear()
