"""What pyx12, which somebody else wrote, says against a file of ours."""

import io
import json
import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

import pyx12.errors
import pyx12.map_if
import pyx12.params
import pyx12.x12n_document

# Reading a map takes pyx12 far longer than reading a file with it, and it reads it anew for each file. Once loaded, a
# map is only looked at (as of 4.0.0, which is pinned): what is counted, the walker counts.
_load_map = pyx12.map_if.load_map_file


@cache
def _map_of(name: str) -> pyx12.map_if.map_if:
    return _load_map(name, pyx12.params.ParamsBase())


def _kept_map(map_file: str, param: pyx12.params.ParamsBase, map_path: str | None = None) -> pyx12.map_if.map_if:
    if map_path is not None or param.get("exclude_external_codes"):
        return _load_map(map_file, param, map_path)
    return _map_of(map_file)


pyx12.map_if.load_map_file = _kept_map


def second_opinion(text: str) -> tuple[str, ...]:
    """Every fault pyx12 finds, as ``segment 12 (NM1), element 03: 1``, its place and pyx12's code; () where it accepts.

    No value of the file is repeated, nothing is written beside the file. pyx12 4.0.0 has maps of the 837P, 835, 999 and
    277CA, none of the 270 and 271 (that is then its one fault). It does not check an NPI's check digit, a missing DMG
    of a subscriber who is the patient, nor CLM02 against the sum of SV102: rules of our own do. And it refuses what the
    guide allows: a second PLB in one set of an 835.
    """
    # Its log repeats values; the level is set each time, as whoever configures logging may have reset it.
    logging.getLogger("pyx12").setLevel(logging.CRITICAL + 1)
    found = io.StringIO()
    try:
        accepted = pyx12.x12n_document.x12n_document(
            pyx12.params.ParamsBase(), io.StringIO(text), fd_997=None, fd_html=None, fd_json=found
        )
    except (pyx12.errors.EngineError, pyx12.errors.X12Error):
        return ("pyx12 has no map for this guide, or stopped",)
    faults = tuple(_faults(json.loads(found.getvalue()))) if found.getvalue() else ()
    return faults or (() if accepted else ("pyx12 refuses the envelope",))


def _faults(document: dict[str, Any]) -> Iterator[str]:
    for interchange in document["interchanges"]:
        yield from _said(interchange, "ISA")
        for group in interchange["groups"]:
            yield from _said(group, "GS")
            for transaction in group["transactions"]:
                yield from _said(transaction, "ST")
                for segment in transaction["segments"]:
                    yield from _said(segment, segment["seg_id"])
                    for element in segment["elements"]:
                        yield from _said(element, segment["seg_id"], segment["cur_line"])


def _said(node: dict[str, Any], tag: str, line: int | None = None) -> Iterator[str]:
    element = "".join(
        f"{mark}{int(node[key]):02}" for mark, key in ((", element ", "ele_pos"), ("-", "subele_pos")) if node.get(key)
    )
    place = f"segment {node['cur_line'] if line is None else line} ({tag}){element}"
    for error in node["errors"]:
        yield f"{place}: {error['err_cde']}"
