"""What do the codes of a 999 and a 277CA mean, in our own words, and what is done about each?

Sources of the codes: ASC X12N/005010X231A1 (999; IK304, IK403), X12 external code lists 507 and 508 (claim status
category and claim status), ASC X12N/005010X222A1 (837P; loops, segments, elements).
"""

from typing import NamedTuple


class Words(NamedTuple):
    """What is wrong, as the end of a sentence, and what somebody does."""

    what: str
    action: str


OUR_WRITING = "The file was written wrongly. Do not send it again: whoever looks after this installation must know."
FILL_IN = "Fill in what is missing, then send the claim again."
CORRECT = "Correct it, then send the claim again."
TAKE_OUT = "Take it out, then send the claim again."
ASK = "A person asks the clearinghouse or the payer what it means."

SEGMENT_FAULTS = {
    "1": Words("is not a segment that is known there", OUR_WRITING),
    "2": Words("was not expected there", OUR_WRITING),
    "3": Words("is missing", FILL_IN),
    "4": Words("begins a loop that stands there too often", OUR_WRITING),
    "5": Words("stands there too often", OUR_WRITING),
    "6": Words("does not belong to this kind of file", OUR_WRITING),
    "7": Words("stands out of order", OUR_WRITING),
    "8": Words("has a faulty element that is not named", CORRECT),
    "I4": Words("must not be used in a claim", OUR_WRITING),
    "I6": Words("is missing because of what else the claim says", FILL_IN),
    "I7": Words("begins a loop that stands there too seldom", FILL_IN),
    "I8": Words("stands there too seldom", FILL_IN),
    "I9": Words("must not stand there because of what else the claim says", TAKE_OUT),
}
"""IK304, where no element is named."""

ELEMENT_FAULTS = {
    "1": Words("is missing", FILL_IN),
    "2": Words("is missing because another element is there", FILL_IN),
    "3": Words("is one element too many", OUR_WRITING),
    "4": Words("is too short", CORRECT),
    "5": Words("is too long", CORRECT),
    "6": Words("has a character that is not allowed", CORRECT),
    "7": Words("is a code that is not valid", CORRECT),
    "8": Words("is not a valid date", CORRECT),
    "9": Words("is not a valid time", OUR_WRITING),
    "10": Words("excludes another element that is there", TAKE_OUT),
    "12": Words("is repeated too often", OUR_WRITING),
    "13": Words("has too many parts", OUR_WRITING),
    "I6": Words("is a code that claims do not use", CORRECT),
    "I9": Words("is missing because of what else the claim says", FILL_IN),
    "I10": Words("must not be used in a claim", OUR_WRITING),
    "I11": Words("is repeated too seldom", FILL_IN),
    "I12": Words("does not have the form that is asked for", CORRECT),
    "I13": Words("must not stand there because of what else the claim says", TAKE_OUT),
}
"""IK403."""

LOOPS = {
    "1000A": "the submitter",
    "1000B": "the receiver",
    "2000A": "the billing practice",
    "2010AA": "the billing practice",
    "2000B": "the policy",
    "2010BA": "the subscriber",
    "2010BB": "the payer",
    "2000C": "the patient",
    "2010CA": "the patient",
    "2300": "the claim",
    "2310B": "the rendering clinician",
    "2320": "the other coverage",
    "2330A": "the other subscriber",
    "2330B": "the other payer",
    "2400": "a service line",
    "2430": "the other payer's decision on a line",
}

ELEMENTS = {
    ("NM1", "3"): "the name",
    ("NM1", "4"): "the given name",
    ("NM1", "9"): "the identifying number",
    ("N3", "1"): "the street",
    ("N4", "1"): "the city",
    ("N4", "2"): "the state",
    ("N4", "3"): "the ZIP code",
    ("DMG", "2"): "the birth date",
    ("DMG", "3"): "the sex",
    ("PER", "4"): "the telephone number",
    ("PRV", "3"): "the taxonomy code",
    ("SBR", "1"): "the order in which the payer pays",
    ("SBR", "2"): "the patient's relationship to the subscriber",
    ("SBR", "3"): "the group number",
    ("SBR", "9"): "the kind of insurance",
    ("CLM", "1"): "the claim number",
    ("CLM", "2"): "the charge",
    ("CLM", "5-1"): "the place of service",
    ("CLM", "5-3"): "the claim frequency",
    ("HI", "1-2"): "the principal diagnosis",
    ("REF", "2"): "the reference number",
    ("SV1", "1-2"): "the procedure code",
    ("SV1", "1-3"): "the first modifier",
    ("SV1", "1-4"): "the second modifier",
    ("SV1", "2"): "the line's charge",
    ("SV1", "4"): "the units",
    ("SV1", "7-1"): "the diagnosis pointer",
    ("DTP", "3"): "the date",
    ("SVD", "2"): "what the other payer paid",
}

CATEGORIES = {
    "A0": "forwarded to another company",
    "A1": "received",
    "A2": "accepted",
    "A3": "returned, because it cannot be worked on",
    "A4": "not found",
    "A5": "split on acceptance",
    "A6": "rejected, because something is missing",
    "A7": "rejected, because something is not valid",
    "A8": "rejected, because two things do not fit each other",
}
"""STC01-1."""

ENTITIES = {
    "IL": "subscriber",
    "QC": "patient",
    "85": "billing practice",
    "87": "pay-to address",
    "82": "rendering clinician",
    "DN": "referring clinician",
    "DQ": "supervising clinician",
    "77": "place of the service",
    "PR": "payer",
    "40": "receiver",
    "41": "submitter",
    "AY": "clearinghouse",
}
"""STC01-3."""

ELIGIBILITY_AGAIN = "Check eligibility again for the date of service, correct the claim, then send it again."
CARD = "Compare with the insurance card or a fresh eligibility answer, correct it, then send the claim again."
OUR_ENROLMENT = (
    "Compare with the practice's enrolment at this payer; correct the billing table or enrol, then send again."
)
CODES = "Compare with the signed note; a clinician signs a changed code. Then send the claim again."
ROUTE = "Find out who pays mental health for this patient, then send the claim there."

STATUSES = {
    "16": Words("the claim went on to another company", "Wait for the payer's own acknowledgement."),
    "19": Words("receipt is confirmed", "Nothing: wait for the payer's decision."),
    "20": Words("it is accepted for processing", "Nothing: wait for the payer's decision."),
    "21": Words("something is missing or not valid; a second code should say what", ASK),
    "24": Words("the {who} is not approved to send electronic claims", OUR_ENROLMENT),
    "25": Words("the {who} is not approved", OUR_ENROLMENT),
    "26": Words("the {who} is not known to the payer", OUR_ENROLMENT),
    "27": Words("the policy was cancelled", ELIGIBILITY_AGAIN),
    "29": Words("the subscriber and the policy number do not fit", CARD),
    "30": Words("the subscriber and the member number do not fit", CARD),
    "32": Words("the subscriber and the policy number are not known", CARD),
    "33": Words("the subscriber and the member number are not known", CARD),
    "35": Words("the claim is not known", "Look whether the claim was sent, to whom and under which number."),
    "54": Words("it repeats a claim that was decided", "Look for that decision before sending anything again."),
    "78": Words("it repeats a claim that waits for its decision", "Wait for that decision; send nothing again."),
    "85": Words("the {who} does not pay first", "Find out which coverage pays first, then send the claim there."),
    "88": Words("the {who} had no coverage on the date of service", ELIGIBILITY_AGAIN),
    "91": Words("the {who} was not eligible or not approved on the date of service", ELIGIBILITY_AGAIN),
    "96": Words("the {who} has no agreement with the payer", OUR_ENROLMENT),
    "97": Words("the patient's coverage is not known to the {who}", ELIGIBILITY_AGAIN),
    "109": Words("the {who} is not eligible", ELIGIBILITY_AGAIN),
    "116": Words("the claim went to the wrong payer", ROUTE),
    "122": Words("something missing or not valid stops the payer; a second code should say what", ASK),
    "125": Words("the name of the {who}", CARD),
    "126": Words("the address of the {who}", CORRECT),
    "128": Words("the tax number of the {who}", OUR_ENROLMENT),
    "145": Words("the taxonomy code of the {who}", OUR_ENROLMENT),
    "153": Words("the number of the {who}", OUR_ENROLMENT),
    "156": Words("the patient's relationship to the subscriber", CARD),
    "157": Words("the sex of the {who}", CARD),
    "158": Words("the birth date of the {who}", CARD),
    "164": Words("the member number of the {who}", CARD),
    "178": Words("the charge", CORRECT),
    "187": Words("the date of service", "Compare with the signed note, correct it, then send the claim again."),
    "247": Words("a service line; its own code should say what", ASK),
    "249": Words("the place of service", "Compare with the payer's rule for places, correct it, then send again."),
    "252": Words(
        "the authorisation number", "Look for the authorisation; ask for one if there is none. Then send again."
    ),
    "254": Words("the principal diagnosis", CODES),
    "255": Words("a diagnosis", CODES),
    "286": Words("the other payer's decision", "Add what the first payer decided, then send the claim again."),
    "400": Words("the claim does not add up", OUR_WRITING),
    "401": Words("the kind of insurance", CARD),
    "453": Words("a modifier", "Compare with the payer's rule for modifiers, correct it, then send the claim again."),
    "454": Words("the procedure code", CODES),
    "464": Words("the payer's number of the earlier claim", "Take it from the remittance, then send the claim again."),
    "476": Words("the units of a service", CODES),
    "477": Words("a diagnosis pointer", CODES),
    "478": Words("our claim number", OUR_WRITING),
    "479": Words("the other payer's number", CARD),
    "481": Words("the form of the claim", OUR_WRITING),
    "488": Words("the diagnosis of a service", CODES),
    "496": Words("the submitter may not send claims for the {who}", OUR_ENROLMENT),
    "500": Words("the ZIP code of the {who}", CORRECT),
    "507": Words("the procedure code", CODES),
    "562": Words("the NPI of the {who}", OUR_ENROLMENT),
    "674": Words("more sessions than the authorisation allows", "Ask for a further authorisation, then send again."),
    "718": Words("the claim came too late", "Look for an earlier acceptance (277CA) and show it to the payer."),
    "732": Words("something breaks the payer's own billing rules; a second code should say what", ASK),
    "746": Words(
        "the whole file repeats an earlier one", "Look whether the earlier file was accepted; send nothing again."
    ),
    "772": Words("the diagnosis is not specific enough", CODES),
}
"""STC01-2; ``{who}`` is the entity of STC01-3."""
