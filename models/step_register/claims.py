"""The automated steps from coverage to claim to money."""

from models.automated_steps import (
    HIPAA,
    NEUTRAL,
    PART_2,
    RECORD,
    X12,
    AutomatedStep,
    Override,
    Per,
    Rated,
    Removes,
    Scale,
    StepKind,
)
from models.codes import ApprovalKind
from models.governance_codes import Workflow

STEP = Override("correct, hold, replace, void or settle the claim", route="step_claim")
DECIDE = Override("return, change or refuse the claim", route="decide")
ASIDE = Override("put a file aside, so that it is not taken in", route="put_aside_file")
COVERAGE = Override("settle what a payer did not answer", route="finish_to_do")
STOP = "Prefect: pause the deployment eligibility-to-claim/claims; claims then wait, and their filing deadlines run"
CLAIM_STOP = "Prefect: pause the deployments claim/claim and eligibility-to-claim/claims"
NIGHT_STOP = "Prefect: pause the deployment nightly/nightly"
ABOUT_MONEY = Rated(Scale.LOW, "a fault costs money or time, never care")


def _entry(
    name: str,
    does: str,
    prevents: str,
    removes: Removes,
    compliance: Rated,
    *,
    kind: StepKind = StepKind.TASK,
    stopped_by: str = STOP,
    overrides: tuple[Override, ...] = (STEP,),
    signatures: tuple[ApprovalKind, ...] = (),
    carries_out: tuple[str, ...] = (),
) -> AutomatedStep:
    return AutomatedStep(
        name=name,
        kind=kind,
        workflow=Workflow.CLAIMS,
        does=does,
        prevents=prevents,
        removes=removes,
        clinical=ABOUT_MONEY,
        compliance=compliance,
        stopped_by=stopped_by,
        overrides=overrides,
        signatures=signatures,
        carries_out=carries_out,
    )


NOTHING = Removes(0, Per.DAY, "nothing of its own: its steps remove it")
ITS_STEPS = Rated(Scale.LOW, "its steps carry the rules", (HIPAA,))

STEPS: tuple[AutomatedStep, ...] = (
    _entry(
        "open claims",
        "opens one claim for every signed note that may be billed",
        "a signed session that is never billed",
        Removes(3, Per.CASE, "assumed by us: entering a charge", ("case.opened",)),
        Rated(
            Scale.MODERATE, "what is billed rests on a contract; sessions paid by the patient stay out", (HIPAA, X12)
        ),
    ),
    _entry(
        "look at coverage",
        "takes the newest answer about the date of service, asks where there is none, and never takes silence for yes",
        "a claim to a payer who does not cover it",
        Removes(6, Per.CASE, "assumed by us: one look into a payer's portal"),
        Rated(Scale.MODERATE, "rests on what a payer answered", (HIPAA, X12)),
        stopped_by=CLAIM_STOP,
        overrides=(STEP, COVERAGE),
    ),
    _entry(
        "build claim",
        "builds the claim from note, contract and coverage, and checks it; a finding goes to a biller",
        "a wrong code for the minutes, a missing modifier, a diagnosis that is too general",
        Removes(7, Per.CASE, "assumed by us: filling in and checking one claim form", ("claim.built",)),
        Rated(Scale.HIGH, "opens the diagnosis of the signed note", (HIPAA, RECORD, PART_2, X12)),
        stopped_by=CLAIM_STOP,
        overrides=(STEP, DECIDE),
        signatures=(ApprovalKind.CLAIM_CLINICAL, ApprovalKind.CLAIM),
    ),
    _entry(
        "move new claims on",
        "takes every new claim through coverage and building together",
        "claims that wait one for another",
        Removes(0, Per.DAY, "nothing of its own: its steps remove it"),
        Rated(Scale.HIGH, "opens what building a claim opens", (HIPAA, RECORD, PART_2, X12)),
        stopped_by=CLAIM_STOP,
        overrides=(STEP, DECIDE),
        signatures=(ApprovalKind.CLAIM_CLINICAL, ApprovalKind.CLAIM),
    ),
    _entry(
        "lay out a claim",
        "gathers exactly what biller or clinician sign: the built claim, or the write-off with its reason",
        "a signature on something that the signer did not see",
        Removes(2, Per.CASE, "assumed by us: printing a claim for its signature"),
        Rated(Scale.HIGH, "opens the built claim, which names diagnoses", (HIPAA, RECORD, PART_2)),
        kind=StepKind.LAYING_OUT,
        stopped_by=CLAIM_STOP,
        overrides=(DECIDE,),
        signatures=(ApprovalKind.CLAIM_CLINICAL, ApprovalKind.CLAIM, ApprovalKind.WRITE_OFF, ApprovalKind.REFUND),
    ),
    _entry(
        "ask about the days ahead",
        "asks payers about the appointments of the next days",
        "a session that turns out not to be covered when it is over",
        Removes(6, Per.CASE, "assumed by us: one look into a payer's portal", ("coverage.to_ask",)),
        Rated(Scale.MODERATE, "a question about a person leaves to a payer", (HIPAA, X12)),
        overrides=(COVERAGE,),
    ),
    _entry(
        "batch coverage questions",
        "puts the questions that are due into one 270 file",
        "a question that never leaves",
        Removes(1, Per.CASE, "assumed by us: typing one question", ("coverage.asked",)),
        Rated(Scale.MODERATE, "names and birth dates leave to a payer", (HIPAA, X12)),
        overrides=(COVERAGE, ASIDE),
    ),
    _entry(
        "look for coverage answers that do not come",
        "writes down as unknown what no payer answered in time, and gives it to a person",
        "silence that is taken for yes",
        Removes(2, Per.CASE, "assumed by us: going through a list of open questions", ("coverage.not_answered",)),
        Rated(Scale.LOW, "when a question was asked", (HIPAA,)),
        overrides=(COVERAGE,),
    ),
    _entry(
        "batch claims",
        "puts the signed claims into one 837P file, after comparing each with what was signed",
        "a claim that leaves other than it was signed; one that leaves twice",
        Removes(2, Per.CASE, "assumed by us: sending one claim through a portal", ("case.moved:sent",)),
        Rated(
            Scale.HIGH, "opens claims, which name diagnoses, and sends them to a payer", (HIPAA, RECORD, PART_2, X12)
        ),
        overrides=(STEP, ASIDE),
    ),
    _entry(
        "send files",
        "hands every queued file to the clearinghouse",
        "a file that was made and forgotten",
        Removes(3, Per.CASE, "assumed by us: one upload", ("file.sent",)),
        Rated(
            Scale.HIGH, "writes the file from the signed claims once more and compares", (HIPAA, RECORD, PART_2, X12)
        ),
        overrides=(ASIDE,),
    ),
    _entry(
        "fetch files",
        "fetches what the clearinghouse left",
        "an answer that lies there",
        Removes(2, Per.DAY, "assumed by us: signing in and looking"),
        Rated(Scale.LOW, "names and sizes of files", (HIPAA,)),
        overrides=(ASIDE,),
    ),
    _entry(
        "take in a file",
        "reads one receipt, coverage answer or remittance, and posts to the cent what adds up",
        "a payment posted to the wrong claim; a plug that hides a difference",
        Removes(15, Per.CASE, "assumed by us: posting one remittance of some ten lines", ("remittance.taken_in",)),
        Rated(Scale.MODERATE, "payers' decisions about people", (HIPAA, X12)),
        overrides=(ASIDE, STEP, Override("settle a payment that fits no claim", route="settle_remitted")),
    ),
    _entry(
        "take in files",
        "fetches and takes in everything that came",
        "answers that wait",
        NOTHING,
        Rated(Scale.MODERATE, "payers' decisions about people", (HIPAA, X12)),
        overrides=(ASIDE,),
    ),
    _entry(
        "look for answers that do not come",
        "finds claims whose payer is silent, and gives each to a biller before its deadline",
        "a claim that is lost when its filing deadline passes",
        Removes(10, Per.DAY, "assumed by us: going through the list of open claims once a day"),
        Rated(Scale.LOW, "when a claim was sent", (HIPAA, X12)),
    ),
    _entry(
        "follow what patients owe",
        "comes back to each balance that has stood a month more: a statement again, then a biller",
        "a balance that nobody asks about",
        Removes(5, Per.DAY, "assumed by us: going through the list of open balances once a day"),
        Rated(Scale.MODERATE, "writes to patients about money; the statement names no service", (HIPAA, NEUTRAL)),
        overrides=(STEP, Override("finish the biller's to-do", route="finish_to_do")),
    ),
    *(
        _entry(
            name,
            does,
            prevents,
            NOTHING,
            ITS_STEPS,
            kind=StepKind.NIGHT_PART,
            stopped_by=NIGHT_STOP,
            carries_out=carries_out,
        )
        for name, does, prevents, carries_out in (
            (
                "take in what the clearinghouse left",
                "takes in receipts, answers and remittances, at night",
                "answers that wait for the morning",
                ("take in files",),
            ),
            (
                "ask about coverage of the next days",
                "asks ahead, and writes off as unknown what was not answered",
                "a morning of calls to payers",
                ("ask about the days ahead", "look for coverage answers that do not come"),
            ),
            (
                "send claims",
                "opens, builds and batches what may leave",
                "a day's claims that leave a week later",
                ("open claims", "move new claims on", "batch claims"),
            ),
            (
                "send files to the clearinghouse",
                "batches questions, hands files over, names silent payers",
                "files that wait for the morning",
                (
                    *("batch coverage questions", "move new claims on", "batch claims", "send files"),
                    "look for answers that do not come",
                ),
            ),
        )
    ),
)
