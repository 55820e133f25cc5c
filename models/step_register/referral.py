"""The automated steps from a referral to the first session."""

from models.automated_steps import (
    HIPAA,
    ILLINOIS,
    NEUTRAL,
    PART_2,
    RECORD,
    TCPA,
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

REROUTE = Override("move the case on by hand, or send it back to an earlier step", route="reroute_case")
STOP = Override("close the case", route="stop_case")
DECIDE = Override("return, change or refuse what was laid out", route="decide")
FOLDER_STOP = "Prefect: pause the deployment referral-intake/intake; files then wait in the folder"
CASE_STOP = "Prefect: pause the deployment referral-to-first-session/case; cases then wait where they stand"

STEPS: tuple[AutomatedStep, ...] = (
    AutomatedStep(
        name="look into the intake folder",
        kind=StepKind.TASK,
        workflow=Workflow.REFERRAL,
        does="finds the whole files of referrals that were dropped, by place",
        prevents="a file that lies for days because nobody looked",
        removes=Removes(0.5, Per.DAY, "assumed by us: opening a shared folder and looking"),
        clinical=Rated(Scale.LOW, "a file that is not found is a referral that comes late; the sender asks"),
        compliance=Rated(Scale.LOW, "names and sizes of files; no row is read", (HIPAA,)),
        stopped_by=FOLDER_STOP,
        overrides=(Override("take a file in by hand", route="upload"),),
    ),
    AutomatedStep(
        name="receive file",
        kind=StepKind.TASK,
        workflow=Workflow.REFERRAL,
        does="checks every row against its contract, finds people who are known, opens cases, quarantines the rest",
        prevents="a birth date or address typed wrongly; one person with two charts; a lost row",
        removes=Removes(
            9, Per.CASE, "assumed by us: typing some twenty fields from a referral into a chart", ("case.opened",)
        ),
        clinical=Rated(
            Scale.MODERATE, "the wrong person's case would hold somebody's words; look-alikes go to a person"
        ),
        compliance=Rated(
            Scale.HIGH, "takes in what was written about a person, some of it on substance use", (HIPAA, PART_2, RECORD)
        ),
        stopped_by=FOLDER_STOP,
        overrides=(
            Override("correct or dismiss a quarantined row", route="fix_file"),
            Override("dismiss a quarantined row", route="dismiss_row"),
            Override("say whether two cases are one person", route="finish_to_do"),
        ),
    ),
    AutomatedStep(
        name="take in dropped referrals",
        kind=StepKind.NIGHT_PART,
        workflow=Workflow.REFERRAL,
        does="looks into the folder and receives each file, at night",
        prevents="a file that waits for the morning",
        removes=Removes(0, Per.DAY, "nothing of its own: its steps remove it"),
        clinical=Rated(Scale.LOW, "its steps carry the risk"),
        compliance=Rated(Scale.LOW, "its steps carry the rules", (HIPAA,)),
        stopped_by="Prefect: pause the deployment nightly/nightly",
        overrides=(Override("take a file in by hand", route="upload"),),
        carries_out=("look into the intake folder", "receive file"),
    ),
    AutomatedStep(
        name="begin the case",
        kind=StepKind.WORKER,
        workflow=Workflow.REFERRAL,
        does="sends a new case to its first screening; one that may be a known patient to a coordinator, after a page "
        "about whatever worries in it",
        prevents="a danger that waits until somebody has told two people apart",
        removes=Removes(1, Per.CASE, "assumed by us: looking who else has that name and birth date"),
        clinical=Rated(Scale.HIGH, "what worries in a case that waits must be paged about at once"),
        compliance=Rated(Scale.HIGH, "opens words that nobody has read yet", (HIPAA, RECORD, PART_2)),
        stopped_by=CASE_STOP,
        overrides=(Override("say whether two cases are one person", route="finish_to_do"), REROUTE),
    ),
    AutomatedStep(
        name="ask for missing questionnaires",
        kind=StepKind.TASK,
        workflow=Workflow.REFERRAL,
        does="sees which measures are complete and asks the patient for those that are not",
        prevents="a first session without its measures; a measure scored while it is incomplete",
        removes=Removes(6, Per.CASE, "assumed by us: seeing what is missing and writing to ask for it"),
        clinical=Rated(Scale.LOW, "asked too often or too late; what arrives is screened all the same"),
        compliance=Rated(Scale.MODERATE, "a message leaves to a patient", (HIPAA, TCPA, NEUTRAL)),
        stopped_by=CASE_STOP,
        overrides=(REROUTE, STOP),
    ),
    AutomatedStep(
        name="score and screen for risk",
        kind=StepKind.TASK,
        workflow=Workflow.REFERRAL,
        does="scores the measures and reads the free text for signs of danger; any flag asks for a clinician",
        prevents="an item 9 answer that nobody saw for days; a wrong sum",
        removes=Removes(
            7, Per.CASE, "assumed by us: adding up two forms and reading a page of text once", ("risk.screened",)
        ),
        clinical=Rated(Scale.HIGH, "what is missed may be a danger; a sample of unflagged intakes is read each night"),
        compliance=Rated(
            Scale.HIGH,
            "reads what a patient wrote; the classifier needs consent and is off where the law forbids it",
            (ILLINOIS, HIPAA, PART_2, RECORD),
        ),
        stopped_by=CASE_STOP + "; taking back the consent to AI turns the classifier off for one patient",
        overrides=(
            Override("confirm flags, call them errors, or change the level", route="decide"),
            Override("set or take back the consent to AI", route="set_ai_consent"),
        ),
        signatures=(ApprovalKind.RISK_REVIEW,),
    ),
    AutomatedStep(
        name="check coverage",
        kind=StepKind.TASK,
        workflow=Workflow.REFERRAL,
        does="writes down what is known of the patient's coverage; unknown stays unknown",
        prevents="coverage that is taken for active because nobody answered",
        removes=Removes(1, Per.CASE, "assumed by us: looking it up in the chart", ("coverage.checked",)),
        clinical=Rated(Scale.NONE, "changes nothing about care"),
        compliance=Rated(Scale.LOW, "whether somebody is insured", (HIPAA,)),
        stopped_by=CASE_STOP,
        overrides=(REROUTE,),
    ),
    AutomatedStep(
        name="propose clinicians",
        kind=StepKind.TASK,
        workflow=Workflow.REFERRAL,
        does="finds the clinicians who fit by licence, panel, age, language, time and focus, with its reasons",
        prevents="a clinician without a licence in the patient's state or outside the plan's panel",
        removes=Removes(12, Per.CASE, "assumed by us: comparing one patient with some ten clinicians' calendars"),
        clinical=Rated(Scale.MODERATE, "a poor fit delays care; a coordinator signs who it is"),
        compliance=Rated(
            Scale.HIGH, "opens the focus of the referral; licences and panels bind", (HIPAA, RECORD, PART_2)
        ),
        stopped_by=CASE_STOP,
        overrides=(Override("choose another clinician", route="decide"), REROUTE),
        signatures=(ApprovalKind.ASSIGNMENT,),
    ),
    AutomatedStep(
        name="let an assignment go unsigned",
        kind=StepKind.TASK,
        workflow=Workflow.REFERRAL,
        does="at the level live assigns whoever was put first, where nothing is an exception; else a coordinator signs",
        prevents="an exception that nobody looks at; a clear case that waits for a signature",
        removes=Removes(3, Per.CASE, "assumed by us: reading and signing one clear proposal", ("assignment.unsigned",)),
        clinical=Rated(Scale.MODERATE, "a poor fit delays care; with any risk on record a coordinator signs"),
        compliance=Rated(
            Scale.HIGH, "opens the focus of the referral; licences and panels bind", (HIPAA, RECORD, PART_2)
        ),
        stopped_by="the level assisted on the page of the workflows",
        overrides=(REROUTE, Override("take the workflow down", route="demote_workflow")),
        signatures=(ApprovalKind.ASSIGNMENT,),
    ),
    AutomatedStep(
        name="offer times",
        kind=StepKind.TASK,
        workflow=Workflow.REFERRAL,
        does="offers the patient times of the clinician they were given to, by a link",
        prevents="telephone tag; one time promised to two patients",
        removes=Removes(10, Per.CASE, "assumed by us: two calls until a time is agreed"),
        clinical=Rated(Scale.LOW, "no time fits: the patient waits and a person calls"),
        compliance=Rated(Scale.MODERATE, "a message leaves to a patient", (HIPAA, TCPA, NEUTRAL)),
        stopped_by=CASE_STOP,
        overrides=(Override("book by hand", route="book_by_hand"), REROUTE, STOP),
    ),
    *(
        AutomatedStep(
            name=f"lay out {what}",
            kind=StepKind.LAYING_OUT,
            workflow=Workflow.REFERRAL,
            does=f"gathers exactly what is signed in {what}",
            prevents="a signature on something that the signer did not see",
            removes=Removes(minutes, Per.CASE, f"assumed by us: {why}"),
            clinical=clinical,
            compliance=compliance,
            stopped_by=CASE_STOP,
            overrides=(DECIDE,),
            signatures=(kind,),
        )
        for what, minutes, why, clinical, compliance, kind in (
            (
                "a risk review",
                5.0,
                "finding a case's forms and texts and laying them side by side",
                Rated(Scale.HIGH, "what is left out, the clinician does not see"),
                Rated(Scale.HIGH, "shows all that the patient wrote", (HIPAA, RECORD, PART_2)),
                ApprovalKind.RISK_REVIEW,
            ),
            (
                "an assignment",
                2.0,
                "writing down who was proposed and why",
                Rated(Scale.MODERATE, "shows who was left out and why, so a wrong filter is seen"),
                Rated(Scale.LOW, "names clinicians; no words of the patient", (HIPAA,)),
                ApprovalKind.ASSIGNMENT,
            ),
            (
                "a closing letter",
                6.0,
                "writing a letter from the clinic's template",
                Rated(Scale.MODERATE, "a letter that turns somebody away is read by a clinician first"),
                Rated(Scale.MODERATE, "a letter leaves to a patient", (HIPAA, NEUTRAL)),
                ApprovalKind.CLOSING_LETTER,
            ),
        )
    ),
)
