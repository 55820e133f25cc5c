"""Puts what the safety officer looks at into rows, each figure with its definition."""

from acts.labels import Row as ReaderRow
from acts.safety import Safety
from rules.approval_quality import MOMENT_SECONDS
from rules.flag_review import Truth
from rules.intervals import Estimate
from rules.safety_rows import Row, Unit

SAMPLE = "What the screening misses"
PRECISION = "How often a flag is right"
SEEN = "How soon a flag is seen"
ALARMS = "Alarms"
QUALITY = "How sign-offs are decided"
ROUNDS = "Practice rounds"
SECTIONS = (SAMPLE, PRECISION, SEEN, ALARMS, QUALITY, ROUNDS)
TEMPLATES = {
    "page_risk_review": "risk to review",
    "page_session_risk": "risk in a session",
    "overdue_sign_off": "overdue sign-off",
    "page_quarantined_row": "row put aside that may hold a risk",
    "page_run_trouble": "run in trouble",
    "page_audit_fault": "fault in the audit",
    "break_glass": "emergency access",
}


def rows_of(safety: Safety) -> list[Row]:
    """Every figure of the page, section by section."""
    return [
        *_sample(safety),
        *_precision(safety),
        *_seen(safety),
        *_alarms(safety),
        *_quality(safety),
        *_rounds(safety),
    ]


def _sample(safety: Safety) -> list[Row]:
    found, sens = safety.sample, safety.sensitivity
    answered = found.no_risk + found.missed
    nothing_hidden = (found.missed,)

    def row(figure: str, count: int | None, definition: str, **more: object) -> Row:
        return Row(SAMPLE, figure, count, definition, **more)  # type: ignore[arg-type]

    return [
        row("Unflagged intakes that stood in a draw", found.intakes, "Each stands in one night's draw of its life."),
        row("Drawn by lot", found.drawn, "By the SHA-256 of installation, night and case: nobody chooses."),
        row("Read: no risk", found.no_risk, "A clinician read the intake and found no risk.", group="drawn"),
        row("Read: a risk was missed", found.missed, "Flagged and reviewed at once.", group="drawn"),
        row("Read: cannot say", found.cannot_say, "What is there does not let a clinician say.", group="drawn"),
        row("Drawn, not read yet", found.unanswered, "Open to-dos; never left out of the two bounds.", group="drawn"),
        row(
            "Unflagged intakes with a missed risk (false-negative rate)",
            found.missed,
            "Each intake that was read stands for whole / drawn of its night; exact 95 % limits for a finite number. "
            "With no miss the upper limit is about 3.7 / number read.",
            of=answered,
            value=found.rate,
            unit=Unit.SHARE,
        ),
        row(
            "Missed risks among all unflagged intakes",
            None,
            "The same as a number of intakes.",
            value=found.in_all,
            unit=Unit.INTAKES,
            rests_on=nothing_hidden,
        ),
        row(
            "At best, if nothing unanswered holds a risk",
            None,
            "Not read and cannot say counted as no risk.",
            value=found.best,
            unit=Unit.SHARE,
            rests_on=nothing_hidden,
        ),
        row(
            "At worst, if all that is unanswered was missed",
            None,
            "Not read and cannot say counted as missed.",
            value=found.worst,
            unit=Unit.SHARE,
            rests_on=(*nothing_hidden, found.unanswered + found.cannot_say),
        ),
        row(
            "Risks that the screening flagged (sensitivity)",
            None,
            "Intakes flagged with a risk / (those + the estimated missed ones). A risk: an answer to item 9 or the "
            "C-SSRS, or a passage a clinician confirmed. The interval is the missed ones' and allows for undecided "
            "flags.",
            value=Estimate(sens.value, sens.low, sens.high, sens.flagged_with_risk),
            unit=Unit.SHARE,
            rests_on=(*nothing_hidden, sens.flagged_with_risk, sens.flagged_undecided),
        ),
        *(
            row(f"Flagged intakes: {words}", safety.flagged[truth], meaning, group="flagged")
            for truth, words, meaning in (
                (Truth.RISK, "a risk", "An answer says so, or a clinician confirmed a passage."),
                (Truth.NO_RISK, "no risk", "Every passage was called an error."),
                (Truth.UNDECIDED, "undecided", "No label yet: shown, and in the interval of the sensitivity."),
                (Truth.NOT_DETECTED, "not by a detection", "Words no reader read, or a high total alone."),
            )
        ),
        row(
            "Unflagged intakes in no draw",
            safety.outside,
            "Received in the period, not yet in a draw, or screened more than 30 days after receipt: no figure here is "
            "about them.",
        ),
    ]


def _precision(safety: Safety) -> list[Row]:
    names = {"version": "", "rule": "rule "}
    total = safety.reader.total
    found = [_read(PRECISION, "All flags of the reader", total)]
    for table, prefix in names.items():
        found += [_read(PRECISION, prefix + " ".join(each.group), each) for each in safety.reader.tables[table].rows]
    found.append(
        Row(
            PRECISION,
            "Flags decided, no label",
            total.left_open,
            "Left open by the signer: in no share, but shown.",
            of=total.decided,
        )
    )
    return found


def _read(section: str, figure: str, row: ReaderRow) -> Row:
    share = (
        UNKNOWN_SHARE if row.share is None or row.interval is None else Estimate(row.share, *row.interval, row.labelled)
    )
    return Row(
        section,
        figure,
        row.confirmed,
        "Confirmed / (confirmed + raised in error), by the newest label of each flag; no share of fewer than 30.",
        of=row.labelled,
        value=share,
        unit=Unit.SHARE,
    )


UNKNOWN_SHARE = Estimate(None, None, None, 0)


def _seen(safety: Safety) -> list[Row]:
    found = []
    for each in safety.seen:
        name = each.source.label if each.source else "All flags"
        group = "seen" if each.source else ""
        found += [
            Row(
                SEEN,
                f"{name}: median",
                each.flags,
                "Minutes from the flag until a clinician first opened or decided its review; those not yet seen still "
                "wait (Kaplan-Meier).",
                value=each.median,
                unit=Unit.MINUTES,
                group=group,
            ),
            Row(
                SEEN,
                f"{name}: nine in ten",
                None,
                "By when nine in ten were seen.",
                value=each.nine_in_ten,
                unit=Unit.MINUTES,
                rests_on=(each.flags,),
            ),
            Row(
                SEEN,
                f"{name}: later than due",
                each.late_count,
                "Seen after its due time, or not seen though it is past: high within the hour, moderate the same day, "
                "low the next working day, as the practice has set its clocks.",
                of=each.late.n,
                value=each.late,
                unit=Unit.SHARE,
            ),
            Row(SEEN, f"{name}: not seen yet", each.not_yet, "Nobody has opened its review yet.", of=each.flags),
        ]
    return found


def _alarms(safety: Safety) -> list[Row]:
    found = []
    for each in safety.alarms:
        name = TEMPLATES.get(each.template, each.template.replace("_", " "))
        found += [
            Row(ALARMS, f"{name}: raised", each.raised, "All pages about one case until somebody acts are one alarm."),
            Row(ALARMS, f"{name}: page failed", each.failed, "The page could not be handed over.", of=each.raised),
            Row(
                ALARMS,
                f"{name}: until the page left, median",
                None,
                "Minutes from raised to handed to its carrier.",
                value=each.left,
                unit=Unit.MINUTES,
                rests_on=(each.raised,),
            ),
            Row(
                ALARMS,
                f"{name}: until somebody acted, median",
                None,
                "Minutes until a member of staff opened, took, did or decided something of the case; those still "
                "waiting wait (Kaplan-Meier).",
                value=each.acted,
                unit=Unit.MINUTES,
                rests_on=(each.raised,),
            ),
            Row(ALARMS, f"{name}: nobody acted yet", each.nobody_yet, "Of those about a case.", of=each.raised),
        ]
    return found


def _quality(safety: Safety) -> list[Row]:
    found = []
    for kind, each in safety.quality.items():
        name = kind.label
        found += [
            Row(QUALITY, f"{name}: decisions", each.decisions, "Signed in the period, by all who sign together."),
            Row(
                QUALITY,
                f"{name}: minutes, median",
                each.timed,
                "From first opening to decision; no stretch counts longer than the practice's idle cap.",
                value=Estimate(each.minutes, None, None, each.timed),
                unit=Unit.MINUTES,
            ),
            Row(
                QUALITY,
                f"{name}: minutes, nine in ten",
                each.timed,
                "Nine in ten took no longer.",
                value=Estimate(each.minutes_nine_in_ten, None, None, each.timed),
                unit=Unit.MINUTES,
            ),
            *(
                Row(
                    QUALITY,
                    f"{name}: {words}",
                    round((share.value or 0) * share.n),
                    meaning,
                    share.n,
                    share,
                    Unit.SHARE,
                )
                for words, share, meaning in (
                    ("edited", each.edited, "Edited and approved / decided."),
                    ("returned", each.returned, "Returned with a question / decided."),
                    (
                        f"decided within {MOMENT_SECONDS} seconds",
                        each.in_a_moment,
                        "Of those whose opening is known: perhaps not read.",
                    ),
                )
            ),
        ]
    if safety.kinds_too_small:
        found.append(
            Row(
                QUALITY,
                "Kinds of sign-off not shown",
                safety.kinds_too_small,
                "Decided by fewer than 5 people, or by 2 to 4 fewer than 30 times: that would tell of a person.",
            )
        )
    return found


def _rounds(safety: Safety) -> list[Row]:
    rounds = safety.rounds
    if rounds is None:
        return []
    return [
        Row(
            ROUNDS,
            "Planted errors that were caught",
            round((rounds.caught.value or 0) * rounds.planted),
            "Sent back with the wrong part named / planted, of everybody together; exact 95 % limits.",
            rounds.planted,
            rounds.caught,
            Unit.SHARE,
        ),
        Row(
            ROUNDS,
            "Sound cases that were sent back",
            round((rounds.doubted.value or 0) * rounds.sound),
            "Of practice cases without an error.",
            rounds.sound,
            rounds.doubted,
            Unit.SHARE,
        ),
    ]
