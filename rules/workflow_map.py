"""Where cases really wait: the walks of cases through a workflow, mined from what the audit says of their moves.

A *visit* is the time one case stood in one status. Who still stands there has waited until now: their wait is
censored, not dropped. Medians and 90th percentiles of waits are Kaplan-Meier's (rules.metrics names the source).

Tables that come in:

- cases: ``case``, ``location``, ``opened_at``, ``status`` (where it stands now), one row a case
- moves: ``event`` (the audit's number), ``case``, ``at``, ``old``, ``new``, ``rerouted``, one row a change of status
- troubles: ``event``, ``case`` (None: of no case yet), ``action``, one row a thing that went wrong
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

import pandas as pd

from models.codes import CaseOwner, ClaimStatus, FollowUpStatus, NoteStatus, ReferralStatus
from models.governance_codes import Workflow
from models.small_cells import FEWEST
from models.workflow_steps import STATUSES, mapped, owner_at

SLOWEST = 10


class Failure(StrEnum):
    """What went wrong at a step, in the words of the map."""

    RETURNED = "returned with a question, or for correction"
    NOT_REACHED = "the patient did not answer"
    MISSED = "the first session was missed"
    REFUSED = "refused, denied or given up"
    TO_LOOK_AT = "what came back did not fit"
    REROUTED = "sent elsewhere by hand"
    OVERDUE = "overdue: passed on or told again"
    STUCK = "stood still with nobody to act"
    RUN_ENDED = "its run ended before it"
    NOT_SENT = "a message did not leave"
    QUARANTINED = "a received row broke its contract"
    FILE_REFUSED = "a received file was refused"


R, N, C, F = ReferralStatus, NoteStatus, ClaimStatus, FollowUpStatus
FAILED_INTO: Mapping[Workflow, Mapping[StrEnum, Failure]] = {
    Workflow.REFERRAL: {
        R.QUESTION_OPEN: Failure.RETURNED,
        R.CONTACT_PATIENT: Failure.NOT_REACHED,
        R.MISSED: Failure.MISSED,
        R.CLOSED_UNREACHABLE: Failure.NOT_REACHED,
        R.CLOSED_DECLINED: Failure.REFUSED,
        R.CLOSED_WITHDRAWN: Failure.REFUSED,
    },
    Workflow.NOTES: {N.CHECK_TRANSCRIPT: Failure.RETURNED, N.CLOSED_NO_NOTE: Failure.REFUSED},
    Workflow.CLAIMS: {
        C.CORRECTION: Failure.RETURNED,
        C.MISSING_INFORMATION: Failure.RETURNED,
        C.REMITTANCE_REVIEW: Failure.TO_LOOK_AT,
        C.DENIED: Failure.REFUSED,
        C.CLOSED_WRITTEN_OFF: Failure.REFUSED,
        C.CLOSED_VOID: Failure.REFUSED,
        C.CLOSED_NOT_BILLED: Failure.REFUSED,
    },
    Workflow.FOLLOW_UP: {F.QUESTION_OPEN: Failure.RETURNED, F.CLOSED_NOT_SENT: Failure.REFUSED},
}
"""Statuses that a case comes to when something went wrong at the one before."""
TROUBLES: Mapping[str, Failure] = {
    "approval.escalated": Failure.OVERDUE,
    "to_do.overdue": Failure.OVERDUE,
    "case.stuck": Failure.STUCK,
    "run.ended": Failure.RUN_ENDED,
    "message.not_sent": Failure.NOT_SENT,
    "row.quarantined": Failure.QUARANTINED,
    "file.refused": Failure.FILE_REFUSED,
}
"""Events of the audit that tell of trouble, by action."""


@dataclass(frozen=True)
class Map:
    """One workflow as mapped and as walked; every table is described where it is made.

    ``gaps`` counts moves that do not begin where the one before ended; ``not_allowed`` is the part of ``edges`` that
    the transition table does not list; ``never_walked`` what it lists and no case did.
    """

    workflow: Workflow
    as_of: datetime
    cases: int
    open_cases: int
    moves: int
    gaps: int
    edges: pd.DataFrame
    steps: pd.DataFrame
    owners: pd.DataFrame
    places: pd.DataFrame
    handoffs: pd.DataFrame
    failures: pd.DataFrame
    not_allowed: pd.DataFrame
    never_walked: tuple[tuple[str, str], ...]


def visits(workflow: Workflow, cases: pd.DataFrame, moves: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """One row a visit: ``case``, ``location``, ``status``, ``came_from``, ``owner``, ``began``, ``ended`` (NaT: not by
    ``as_of``), ``next``, ``event`` (the number of the move that ended it), ``rerouted``, ``hours`` until its end or
    ``as_of``, ``over``.

    What happened after ``as_of`` is as if it had not happened yet.
    """
    known = cases[pd.to_datetime(cases["opened_at"], utc=True) <= as_of]
    past = moves[(pd.to_datetime(moves["at"], utc=True) <= as_of) & moves["case"].isin(known["case"])]
    past = past.sort_values(["case", "event"])
    first_old = moves.sort_values(["case", "event"]).groupby("case")["old"].first().to_dict()
    start = [first_old.get(case, status) for case, status in zip(known["case"], known["status"], strict=True)]
    opening = pd.DataFrame(
        {
            "case": known["case"],
            "began": pd.to_datetime(known["opened_at"], utc=True),
            "status": start,
            "came_from": None,
            "order": -1,
        }
    )
    moved = pd.DataFrame(
        {
            "case": past["case"],
            "began": pd.to_datetime(past["at"], utc=True),
            "status": past["new"],
            "came_from": past["old"],
            "order": past["event"],
            "by_hand": past["rerouted"],
        }
    )
    table = pd.concat([opening.assign(by_hand=False), moved], ignore_index=True) if len(moved) else opening
    table = table.assign(by_hand=table.get("by_hand", False)).sort_values(["case", "order"], ignore_index=True)
    following = table.groupby("case")
    table["ended"] = following["began"].shift(-1)
    table["next"] = following["status"].shift(-1)
    table["event"] = following["order"].shift(-1)
    table["rerouted"] = following["by_hand"].shift(-1).fillna(False).astype(bool)
    table["over"] = table["ended"].notna()
    owners = {status: owner_at(workflow, status) for status in table["status"].unique()}
    table["owner"] = table["status"].map(owners)
    table["hours"] = (table["ended"].fillna(pd.Timestamp(as_of)) - table["began"]).dt.total_seconds() / 3600
    table["location"] = table["case"].map(known.set_index("case")["location"])
    return table.drop(columns=["order", "by_hand"])


def hours_until(hours: Iterable[float], over: Iterable[bool], share: float) -> float | None:
    """The wait by which this share of those who wait have gone on, by Kaplan-Meier; None where too many still wait.

    ``over`` says whose wait has ended. Somebody censored at a moment was still at risk at it.
    """
    waits = sorted(zip(hours, over, strict=True))
    remaining, at_risk = 1.0, len(waits)
    for moment, together in groupby(waits, key=lambda wait: wait[0]):
        ended = [bool(is_over) for _, is_over in together]
        remaining *= 1 - sum(ended) / at_risk
        if any(ended) and remaining <= 1 - share + 1e-9:
            return float(moment)
        at_risk -= len(ended)
    return None


def _waits(group: pd.DataFrame) -> pd.Series:
    still = ~group["over"]
    return pd.Series(
        {
            "visits": len(group),
            "cases": group["case"].nunique(),
            "median_hours": hours_until(group["hours"], group["over"], 0.5),
            "p90_hours": hours_until(group["hours"], group["over"], 0.9),
            "total_hours": float(group["hours"].sum()),
            "waiting": int(still.sum()),
            "since": group.loc[still, "began"].min() if still.any() else None,
        },
        dtype=object,
    )


WAITS = ("visits", "cases", "median_hours", "p90_hours", "total_hours", "waiting", "since")


def waits_by(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """How long cases wait, a row a group: ``visits``, ``cases``, ``median_hours`` and ``p90_hours`` (None: too many
    still wait), ``total_hours`` up to now, how many are ``waiting`` and ``since`` when the first of them."""
    open_ones = table[table["owner"] != CaseOwner.NOBODY.value]
    rows = [
        {**dict(zip(columns, key, strict=True)), **_waits(group)}
        for key, group in open_ones.groupby(list(columns), sort=False)
    ]
    return pd.DataFrame(rows, columns=[*columns, *WAITS], dtype=object)


def edges_of(workflow: Workflow, table: pd.DataFrame) -> pd.DataFrame:
    """One row a move that was walked: ``old``, ``new``, ``count``, ``cases``, ``share`` of the cases, ``median_hours``
    and ``p90_hours`` of the wait before it, the ``owner`` who was waited for, whether it is ``allowed``."""
    allowed = set(mapped(workflow))
    whole = table["case"].nunique()
    rows = [
        {
            "old": old,
            "new": new,
            "count": len(group),
            "cases": group["case"].nunique(),
            "share": group["case"].nunique() / whole,
            "median_hours": hours_until(group["hours"], group["over"], 0.5),
            "p90_hours": hours_until(group["hours"], group["over"], 0.9),
            "owner": owner_at(workflow, str(old)),
            "allowed": (old, new) in allowed,
        }
        for (old, new), group in table[table["over"]].groupby(["status", "next"], sort=False)
    ]
    columns = ["old", "new", "count", "cases", "share", "median_hours", "p90_hours", "owner", "allowed"]
    made = pd.DataFrame(rows, columns=columns)
    return made.sort_values(["count", "old", "new"], ascending=[False, True, True], ignore_index=True)


def handoffs_of(table: pd.DataFrame) -> pd.DataFrame:
    """One row a handoff: ``case``, ``location``, ``giver``, ``gave_at``, ``receiver``, ``received_at`` (statuses and
    owners), ``began``, ``hours``, ``over``.

    A case is handed over when somebody else must act; what the system does between is on the way and its time belongs
    to the handoff. It lasts from the moment the one let go until the other moved the case on.
    """
    rows = []
    for case, group in table.sort_values("began", kind="stable").groupby("case", sort=False):
        giver, left_at, let_go = CaseOwner.SYSTEM.value, "", group["began"].iloc[0]
        for visit in group.to_dict("records"):
            owner = visit["owner"]
            if owner == CaseOwner.SYSTEM.value:
                continue
            if owner not in (giver, CaseOwner.NOBODY.value):
                began = visit["began"]
                rows.append(
                    {
                        "case": case,
                        "location": visit["location"],
                        "giver": giver,
                        "gave_at": left_at,
                        "receiver": owner,
                        "received_at": visit["status"],
                        "began": let_go,
                        "ended": visit["ended"],
                        "hours": visit["hours"] + (began - let_go).total_seconds() / 3600,
                        "over": visit["over"],
                    }
                )
            giver, left_at, let_go = owner, visit["status"], visit["ended"]
    columns = ("case", "location", "giver", "gave_at", "receiver", "received_at", "began", "ended", "hours", "over")
    return pd.DataFrame(rows, columns=list(columns))


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The table's rows as plain values by column."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def slowest(handoffs: pd.DataFrame, by: str) -> list[dict[str, Any]]:
    """The ten slowest kinds of handoff by ``total_hours`` or ``median_hours``; one whose median nobody can say yet is
    slower than any."""

    def hours(row: dict[str, Any]) -> float:
        return float("inf") if row[by] is None else float(row[by])

    return sorted(rows_of(handoffs), key=hours, reverse=True)[:SLOWEST]


def failures_of(workflow: Workflow, table: pd.DataFrame, troubles: pd.DataFrame) -> pd.DataFrame:
    """One row a kind of failure at a step: ``status`` it happened at ("": before there was a case), ``failure``,
    ``count``, ``cases``, ``share`` of the cases, the most frequent first."""
    found: list[tuple[str, str, str | None]] = []
    into = {status.value: failure for status, failure in FAILED_INTO[workflow].items()}
    for visit in table[table["over"]].to_dict("records"):
        if visit["next"] in into:
            found.append((visit["status"], into[visit["next"]].value, visit["case"]))
        if visit["rerouted"]:
            found.append((visit["status"], Failure.REROUTED.value, visit["case"]))
    stood = {case: group for case, group in table.groupby("case")}
    for trouble in troubles.to_dict("records"):
        case = trouble["case"]
        if case is None or case is pd.NaT or case != case:
            found.append(("", TROUBLES[trouble["action"]].value, None))
        elif case in stood:
            walk = stood[case]
            still = walk[walk["event"].isna() | (walk["event"] > trouble["event"])]
            status = (still if len(still) else walk.tail(1))["status"].iloc[0]
            found.append((status, TROUBLES[trouble["action"]].value, case))
    if not found:
        return pd.DataFrame(columns=["status", "failure", "count", "cases", "share"])
    whole = max(table["case"].nunique(), 1)
    made = pd.DataFrame(found, columns=["status", "failure", "case"]).groupby(["status", "failure"], as_index=False)
    rows = made.agg(count=("failure", "size"), cases=("case", "nunique"))
    rows["share"] = rows["cases"] / whole
    return rows.sort_values(["count", "status", "failure"], ascending=[False, True, True], ignore_index=True)


def mine(
    workflow: Workflow,
    cases: pd.DataFrame,
    moves: pd.DataFrame,
    troubles: pd.DataFrame,
    as_of: datetime,
    begin: datetime | None = None,
) -> Map:
    """The whole map. With ``begin``: of the waits that ended since then, or that last at ``as_of``."""
    everything = visits(workflow, cases, moves, as_of)
    gaps = int(((everything["came_from"].notna()) & (everything["came_from"] != _before(everything))).sum())
    table, handed = everything, handoffs_of(everything)
    if begin is not None:
        table = everything[~everything["over"] | (everything["ended"] >= begin)]
        handed = handed[~handed["over"].astype(bool) | (handed["ended"] >= begin)]
        troubles = troubles[pd.to_datetime(troubles["at"], utc=True) >= begin] if len(troubles) else troubles
    order = {status.value: place for place, status in enumerate(STATUSES[workflow])}
    edges = edges_of(workflow, table)
    steps = waits_by(table, "status", "owner")
    walked = set(zip(edges["old"], edges["new"], strict=True))
    grouped = handed.assign(owner=handed["receiver"], event=None)
    closed = table["status"].map(lambda status: owner_at(workflow, status) == CaseOwner.NOBODY)
    return Map(
        workflow=workflow,
        as_of=as_of,
        cases=int(table["case"].nunique()),
        open_cases=int((~table["over"] & ~closed.astype(bool)).sum()),
        moves=int(table["over"].sum()),
        gaps=gaps,
        edges=edges,
        steps=steps.sort_values("status", key=lambda each: each.map(order), ignore_index=True),
        owners=waits_by(table, "owner").sort_values("total_hours", ascending=False, ignore_index=True),
        places=waits_by(table, "location", "status", "owner").sort_values(
            "total_hours", ascending=False, ignore_index=True
        ),
        handoffs=waits_by(grouped, "giver", "gave_at", "receiver", "received_at"),
        failures=failures_of(workflow, table, troubles),
        not_allowed=edges[~edges["allowed"].astype(bool)],
        never_walked=tuple(each for each in mapped(workflow) if each not in walked),
    )


def _before(table: pd.DataFrame) -> pd.Series:
    return table.groupby("case")["status"].shift(1)


def suppressed(found: Map) -> Map:
    """The same with every row left out that counts fewer than ``FEWEST`` cases: for docs and exports.

    How many wait in a step is hidden, too, where they are few.
    """

    def enough(table: pd.DataFrame) -> pd.DataFrame:
        kept = table[table["cases"] >= FEWEST].copy()
        if "waiting" in kept:
            few = kept["waiting"].between(1, FEWEST - 1)
            kept.loc[few, "waiting"] = None
            kept.loc[few, "since"] = None
        return kept

    return Map(
        **{
            **vars(found),
            **{
                name: enough(getattr(found, name))
                for name in ("edges", "steps", "owners", "places", "handoffs", "failures")
            },
        }
    )
