"""The questionnaires a patient answers: wording, items, answer values, LOINC codes, as frozen values.

PHQ-9 and GAD-7: Spitzer, Williams, Kroenke and colleagues, with a grant from Pfizer; no permission needed.
Their wording and codes follow the Questionnaires of uwcirg (Apache-2.0) and LOINC.
C-SSRS screener: The Columbia Lighthouse Project, "Screener - Recent"; the questions without their examples.
AUDIT-C: World Health Organization, questions 1 to 3 of AUDIT.
PCL-5: US Department of Veterans Affairs, National Center for PTSD.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Measure(StrEnum):
    PHQ9 = "phq9"
    GAD7 = "gad7"
    CSSRS_SCREENER = "cssrs_screener"
    AUDIT_C = "audit_c"
    PCL5 = "pcl5"


class Option(NamedTuple):
    """One answer a person can choose; ``codes`` are the LOINC answer codes that mean it."""

    value: int
    label: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """One question; ``number`` counts from 1, ``scored`` says whether its value is part of the total."""

    number: int
    link_id: str
    text: str
    scored: bool
    options: tuple[Option, ...]

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(option.value for option in self.options)

    def value_of_code(self, code: str) -> int | None:
        """The value a LOINC answer code means for this item, or ``None`` if the item has no such answer."""
        return next((option.value for option in self.options if code in option.codes), None)


@dataclass(frozen=True)
class MeasureDefinition:
    """One questionnaire as it is shown; ``version`` changes with any change of wording or options.

    ``panel_code`` and ``total_code`` are LOINC codes, ``None`` where LOINC has none we could check.
    """

    measure: Measure
    version: str
    title: str
    lead_in: str
    items: tuple[Item, ...]
    panel_code: str | None
    total_code: str | None
    notice: str

    def item(self, number: int) -> Item | None:
        return next((item for item in self.items if item.number == number), None)

    def item_of_link(self, link_id: str) -> Item | None:
        """The item a FHIR ``linkId`` names, with or without its leading slash."""
        return next((item for item in self.items if item.link_id == link_id.lstrip("/")), None)


HOW_OFTEN_TWO_WEEKS = (
    Option(0, "Not at all", ("LA6568-5",)),
    Option(1, "Several days", ("LA6569-3",)),
    # LOINC's GAD-7 item 2 words the same answer "More days than not" under a code of its own.
    Option(2, "More than half the days", ("LA6570-1", "LA18938-3")),
    Option(3, "Nearly every day", ("LA6571-9",)),
)

HOW_DIFFICULT = (
    Option(0, "Not difficult at all", ("LA6572-7",)),
    Option(1, "Somewhat difficult", ("LA6573-5",)),
    Option(2, "Very difficult", ("LA6575-0",)),
    Option(3, "Extremely difficult", ("LA6574-3",)),
)

NO_YES = (Option(0, "No", ("LA32-8",)), Option(1, "Yes", ("LA33-6",)))

HOW_MUCH_PAST_MONTH = (
    Option(0, "Not at all"),
    Option(1, "A little bit"),
    Option(2, "Moderately"),
    Option(3, "Quite a bit"),
    Option(4, "Extremely"),
)


def _items(rows: tuple[tuple[str, str], ...], options: tuple[Option, ...], *, scored: bool) -> tuple[Item, ...]:
    return tuple(Item(number, link_id, text, scored, options) for number, (link_id, text) in enumerate(rows, start=1))


PHQ9 = MeasureDefinition(
    measure=Measure.PHQ9,
    version="phq9-en-1",
    title="Patient Health Questionnaire (PHQ-9)",
    lead_in="Over the last 2 weeks, how often have you been bothered by any of the following problems?",
    items=(
        *_items(
            (
                ("44250-9", "Little interest or pleasure in doing things"),
                ("44255-8", "Feeling down, depressed, or hopeless"),
                ("44259-0", "Trouble falling or staying asleep, or sleeping too much"),
                ("44254-1", "Feeling tired or having little energy"),
                ("44251-7", "Poor appetite or overeating"),
                (
                    "44258-2",
                    "Feeling bad about yourself - or that you are a failure or have let yourself or your family down",
                ),
                (
                    "44252-5",
                    "Trouble concentrating on things, such as reading the newspaper or watching television",
                ),
                (
                    "44253-3",
                    "Moving or speaking so slowly that other people could have noticed. Or the opposite - "
                    "being so "
                    "fidgety or restless that you have been moving around a lot more than usual",
                ),
                ("44260-8", "Thoughts that you would be better off dead, or of hurting yourself in some way"),
            ),
            HOW_OFTEN_TWO_WEEKS,
            scored=True,
        ),
        Item(
            10,
            "69722-7",
            "How difficult have these problems made it for you to do your work, take care of things at "
            "home, or get "
            "along with other people?",
            False,
            HOW_DIFFICULT,
        ),
    ),
    panel_code="44249-1",
    total_code="44261-6",
    notice="Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an "
    "educational "
    "grant from Pfizer Inc. No permission required to reproduce, translate, display or distribute.",
)

GAD7 = MeasureDefinition(
    measure=Measure.GAD7,
    version="gad7-en-1",
    title="Generalized Anxiety Disorder scale (GAD-7)",
    lead_in="Over the last 2 weeks, how often have you been bothered by the following problems?",
    items=_items(
        (
            ("69725-0", "Feeling nervous, anxious or on edge"),
            ("68509-9", "Not being able to stop or control worrying"),
            ("69733-4", "Worrying too much about different things"),
            ("69734-2", "Trouble relaxing"),
            ("69735-9", "Being so restless that it is hard to sit still"),
            ("69689-8", "Becoming easily annoyed or irritable"),
            ("69736-7", "Feeling afraid as if something awful might happen"),
        ),
        HOW_OFTEN_TWO_WEEKS,
        scored=True,
    ),
    panel_code="69737-5",
    total_code="70274-6",
    notice=PHQ9.notice,
)

CSSRS_SCREENER = MeasureDefinition(
    measure=Measure.CSSRS_SCREENER,
    version="cssrs-screener-en-1",
    title="Columbia Suicide Severity Rating Scale, screener",
    lead_in="Questions 1 to 5 are about the past month.",
    items=_items(
        (
            ("93246-7", "Have you wished you were dead or wished you could go to sleep and not wake up?"),
            ("93247-5", "Have you actually had any thoughts of killing yourself?"),
            ("93248-3", "Have you been thinking about how you might do this?"),
            ("93249-1", "Have you had these thoughts and had some intention of acting on them?"),
            (
                "93250-9",
                "Have you started to work out or worked out the details of how to kill yourself? Do you "
                "intend to "
                "carry out this plan?",
            ),
            (
                "93267-3",
                "Have you ever done anything, started to do anything, or prepared to do anything to end your life?",
            ),
            ("93269-9", "Was this within the past 3 months?"),
        ),
        NO_YES,
        scored=False,
    ),
    panel_code="93373-9",
    total_code=None,
    notice="The Columbia Lighthouse Project, Research Foundation for Mental Hygiene, Inc.",
)

AUDIT_C = MeasureDefinition(
    measure=Measure.AUDIT_C,
    version="audit-c-en-1",
    title="Alcohol Use Disorders Identification Test - Consumption (AUDIT-C)",
    lead_in="These questions are about your use of alcoholic drinks during the past year.",
    items=(
        Item(
            1,
            "68518-0",
            "How often do you have a drink containing alcohol?",
            True,
            (
                Option(0, "Never", ("LA6270-8",)),
                Option(1, "Monthly or less", ("LA18926-8",)),
                Option(2, "2-4 times a month", ("LA18927-6",)),
                Option(3, "2-3 times a week", ("LA18928-4",)),
                Option(4, "4 or more times a week", ("LA18929-2",)),
            ),
        ),
        Item(
            2,
            "68519-8",
            "How many standard drinks containing alcohol do you have on a typical day?",
            True,
            (
                Option(0, "1 or 2", ("LA15694-5",)),
                Option(1, "3 or 4", ("LA15695-2",)),
                Option(2, "5 or 6", ("LA18930-0",)),
                Option(3, "7 to 9", ("LA18931-8",)),
                Option(4, "10 or more", ("LA18932-6",)),
            ),
        ),
        Item(
            3,
            "68520-6",
            "How often do you have 6 or more drinks on 1 occasion?",
            True,
            (
                Option(0, "Never", ("LA6270-8",)),
                Option(1, "Less than monthly", ("LA18933-4",)),
                Option(2, "Monthly", ("LA18876-5",)),
                Option(3, "Weekly", ("LA18891-4",)),
                Option(4, "Daily or almost daily", ("LA18934-2",)),
            ),
        ),
    ),
    panel_code="72109-2",
    total_code="75626-2",
    notice="World Health Organization.",
)

PCL5 = MeasureDefinition(
    measure=Measure.PCL5,
    version="pcl5-en-1",
    title="PTSD Checklist for DSM-5 (PCL-5)",
    lead_in="Below is a list of problems that people sometimes have in response to a very stressful "
    "experience. "
    "In the past month, how much were you bothered by:",
    items=_items(
        (
            ("pcl5-1", "Repeated, disturbing, and unwanted memories of the stressful experience?"),
            ("pcl5-2", "Repeated, disturbing dreams of the stressful experience?"),
            (
                "pcl5-3",
                "Suddenly feeling or acting as if the stressful experience were actually happening again "
                "(as if you "
                "were actually back there reliving it)?",
            ),
            ("pcl5-4", "Feeling very upset when something reminded you of the stressful experience?"),
            (
                "pcl5-5",
                "Having strong physical reactions when something reminded you of the stressful experience "
                "(for "
                "example, heart pounding, trouble breathing, sweating)?",
            ),
            ("pcl5-6", "Avoiding memories, thoughts, or feelings related to the stressful experience?"),
            (
                "pcl5-7",
                "Avoiding external reminders of the stressful experience (for example, people, places, "
                "conversations, "
                "activities, objects, or situations)?",
            ),
            ("pcl5-8", "Trouble remembering important parts of the stressful experience?"),
            (
                "pcl5-9",
                "Having strong negative beliefs about yourself, other people, or the world (for example, "
                "having "
                "thoughts such as: I am bad, there is something seriously wrong with me, no one can be "
                "trusted, the "
                "world is completely dangerous)?",
            ),
            (
                "pcl5-10",
                "Blaming yourself or someone else for the stressful experience or what happened after it?",
            ),
            ("pcl5-11", "Having strong negative feelings such as fear, horror, anger, guilt, or shame?"),
            ("pcl5-12", "Loss of interest in activities that you used to enjoy?"),
            ("pcl5-13", "Feeling distant or cut off from other people?"),
            (
                "pcl5-14",
                "Trouble experiencing positive feelings (for example, being unable to feel happiness or "
                "have loving "
                "feelings for people close to you)?",
            ),
            ("pcl5-15", "Irritable behavior, angry outbursts, or acting aggressively?"),
            ("pcl5-16", "Taking too many risks or doing things that could cause you harm?"),
            ("pcl5-17", 'Being "superalert" or watchful or on guard?'),
            ("pcl5-18", "Feeling jumpy or easily startled?"),
            ("pcl5-19", "Having difficulty concentrating?"),
            ("pcl5-20", "Trouble falling or staying asleep?"),
        ),
        HOW_MUCH_PAST_MONTH,
        scored=True,
    ),
    panel_code=None,
    total_code=None,
    notice="Weathers, Litz, Keane, Palmieri, Marx and Schnurr (2013), National Center for PTSD, US "
    "Department of "
    "Veterans Affairs.",
)

DEFINITIONS: dict[Measure, MeasureDefinition] = {
    definition.measure: definition for definition in (PHQ9, GAD7, CSSRS_SCREENER, AUDIT_C, PCL5)
}
