"""The automated steps between two sessions."""

from models.automated_steps import (
    HIPAA,
    NEUTRAL,
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

DECIDE = Override("decide what is done, change the words, or refuse", route="decide")
END = Override("end a check-in", route="end_check_in")
STOP = "Prefect: pause the deployment between-sessions/follow-up; escalations then wait, and their alarms sound"
BOTH = (ApprovalKind.ESCALATION, ApprovalKind.MESSAGE)

STEPS: tuple[AutomatedStep, ...] = (
    AutomatedStep(
        name="ask what is due between sessions",
        kind=StepKind.NIGHT_PART,
        workflow=Workflow.FOLLOW_UP,
        does="sends the check-ins that are due, and escalates what was not answered",
        prevents="a patient in trouble between two sessions who is asked nothing",
        removes=Removes(4, Per.CASE, "assumed by us: writing to one patient and noting it", ("check_in.asked",)),
        clinical=Rated(Scale.HIGH, "silence of somebody at risk is escalated to a clinician"),
        compliance=Rated(Scale.MODERATE, "a message leaves to a patient", (HIPAA, TCPA, NEUTRAL)),
        stopped_by="Prefect: pause the deployment nightly/nightly",
        overrides=(END, Override("assign another check-in", route="assign_check_in")),
        signatures=(ApprovalKind.ESCALATION,),
    ),
    AutomatedStep(
        name="bring it to the gate",
        kind=StepKind.TASK,
        workflow=Workflow.FOLLOW_UP,
        does="sends an escalation or a message to its signature",
        prevents="a message that leaves unsigned",
        removes=Removes(0.5, Per.CASE, "assumed by us: passing a note on"),
        clinical=Rated(Scale.HIGH, "an escalation that stands still is a danger unseen; the watch wakes it"),
        compliance=Rated(Scale.LOW, "which case, of which kind", (HIPAA,)),
        stopped_by=STOP,
        overrides=(DECIDE,),
        signatures=BOTH,
    ),
    AutomatedStep(
        name="lay out a follow-up",
        kind=StepKind.LAYING_OUT,
        workflow=Workflow.FOLLOW_UP,
        does="gathers exactly what a clinician signs: answers, words and flags, or the message",
        prevents="a signature on something that the signer did not see",
        removes=Removes(3, Per.CASE, "assumed by us: finding the answers and laying them out"),
        clinical=Rated(Scale.HIGH, "what is left out, the clinician does not see"),
        compliance=Rated(Scale.HIGH, "opens what the patient answered and wrote", (HIPAA, RECORD)),
        stopped_by=STOP,
        overrides=(DECIDE,),
        signatures=BOTH,
    ),
    AutomatedStep(
        name="send the signed message",
        kind=StepKind.TASK,
        workflow=Workflow.FOLLOW_UP,
        does="tells the patient that a signed message waits behind their link",
        prevents="a message that is signed and never sent; one that leaves twice",
        removes=Removes(2, Per.CASE, "assumed by us: sending one message", ("case.moved:closed_sent",)),
        clinical=Rated(Scale.LOW, "the message comes late"),
        compliance=Rated(Scale.MODERATE, "a message leaves to a patient", (HIPAA, TCPA, NEUTRAL)),
        stopped_by=STOP,
        overrides=(DECIDE,),
        signatures=(ApprovalKind.MESSAGE,),
    ),
)
