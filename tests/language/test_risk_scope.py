"""Of whom and of when: does each cue set aside what it speaks of, and nothing else?"""

from dataclasses import replace

import numpy as np
import pytest

from language import risk_classifier, risk_signals
from language.risk_answers import asked_and_denied
from language.risk_signals import RiskSignal, SignalKind, SignalStatus, read_risk


def statuses(text: str) -> set[SignalStatus]:
    return {signal.status for signal in read_risk(text, rules_only=True).signals}


# -- time


@pytest.mark.parametrize(
    "text",
    [
        "Back in college I wanted to die for a winter.",
        "When I was twenty-six I took an overdose.",
        "In tenth grade he burned his arms; he is now a plumber.",
        "One suicide attempt (1999, hanging).",
        "I shot myself in '91 and lived.",
        "She had delusions through most of her twenties.",
        "I cut myself from fifteen to nineteen; I'm forty-four now.",
        "As a toddler he banged his head daily.",
        "I wanted to be dead for a while. That was 2003.",
        "My first husband beat me. I left in '98.",
        "I drew a black line at 2005. That's when I took all the tablets.",
        "Before I met my wife I thought about ending it all.",
        "Two years ago this month I did not want to be alive.",
        "I used to drink until I passed out, and now I run a bakery.",
    ],
)
def test_what_is_dated_long_ago_is_history(text: str) -> None:
    assert statuses(text) == {SignalStatus.HISTORICAL}


@pytest.mark.parametrize(
    "text",
    [
        "I have cut myself since 2019.",
        "She has been hearing voices since 2012.",
        "I took an overdose at 3.",
        "I took twelve tablets at 11 and told nobody.",
        "Back in March I took an overdose.",
        "I'm back in hospital because I cut myself.",
        "I was beaten in 2008 and I drink until I pass out.",
        "He first self-harmed at 14 and still does.",
        "She was sober for ten years and relapsed in October.",
        "A woman in her forties who hears voices.",
        "I want to die. It was ten years ago that my wife left.",
        "As a teenager I was fine, now I cut myself.",
        "I'm 45 now and I want to die.",
        "For ten years I have wanted to kill myself.",
        "I cut my arms every night, and in 2010 my mother died.",
    ],
)
def test_what_is_said_of_now_is_present_whatever_is_dated_beside_it(text: str) -> None:
    assert SignalStatus.PRESENT in statuses(text)


# -- person


@pytest.mark.parametrize(
    "text",
    [
        "Our vicar took his own life before Easter.",
        "My son's friend wants to die.",
        "FHx: uncle with suicidal thoughts.",
        "Reports friend was hospitalised for self-inflicted cuts.",
        "Sister of patient self-harms.",
        "A man in my building hung himself.",
        "Dad drinks and hears voices.",
        "One of my tenants is using heroin.",
        "There was someone who cut herself in our halls.",
        "What do you do when a client says they want to die?",
        "My friend's boyfriend hits her.",
    ],
)
def test_risk_of_a_named_other_is_someone_elses(text: str) -> None:
    assert statuses(text) == {SignalStatus.SOMEONE_ELSE}


@pytest.mark.parametrize(
    "text",
    [
        "He is a man in his thirties who wants to die.",
        "A 34-year-old woman who has suicidal thoughts.",
        "I am referring a student who hears voices.",
        "I'm a teacher who wants to die.",
        "Mr Hill is a retired teacher with thoughts of suicide.",
        "I told my friend about wanting to die.",
        "I told my boyfriend the new scars were old ones.",
        "My boss makes me want to die.",
        "My husband found me with the pills lined up.",
        "Her sister found a rope hidden in the garage.",
        "His mother held my arms while he raped me.",
        "Mum says she wants to die.",
        "His mother reports that he wants to die.",
        "My daughter wants to die.",
        "My coach says that I want to die.",
        "My dad hits me and my mum does nothing.",
        "He has not told anyone that he has picked a date.",
    ],
)
def test_whoever_only_hears_reports_or_is_described_takes_no_flag_away(text: str) -> None:
    assert SignalStatus.PRESENT in statuses(text)


# -- quotation


@pytest.mark.parametrize(
    "text",
    [
        'Our trainer explained that "I don\'t want to be here" can mean ten things.',
        "The lecture was on passive suicidal ideation.",
        "In the film he kills himself.",
        '"I want to kill myself" is a line from the school play.',
        'The slide read: "Unexplained bruises, fear of a carer."',
        "The form asks whether one has thoughts of suicide.",
        'The mug says "the voices want tea".',
    ],
)
def test_words_of_a_work_a_form_or_a_lesson_are_quoted(text: str) -> None:
    assert statuses(text) == {SignalStatus.QUOTED}


@pytest.mark.parametrize(
    "text",
    [
        "This shows that she wants to die.",
        "There is a sign that she cuts herself.",
        "He plays video games and wants to kill himself.",
        "She reads books and wants to die.",
        "The news made her suicidal.",
        "His story is that he wants to die.",
        "I wrote a poem about killing myself and I mean it.",
        "She posted a tweet saying she wants to die.",
        "After the film he wanted to die.",
        "The screening was positive for suicidal ideation.",
        "On the questionnaire she endorsed suicidal thoughts.",
        "Survey of symptoms: suicidal, self-harm daily.",
        "He told his teacher in class that he wants to die.",
        "Of course I think about suicide.",
        "It does not help to talk about suicidal thoughts.",
        "The voices on the TV tell me to kill myself.",
    ],
)
def test_a_work_or_a_form_that_is_only_mentioned_quotes_nothing(text: str) -> None:
    assert SignalStatus.PRESENT in statuses(text)


# -- condition


@pytest.mark.parametrize(
    "text",
    [
        "Should suicidal thoughts return, she will ring the ward.",
        "In the event of suicidal thoughts, ring this number.",
        "Crisis card: when I feel that life is not worth living, I will ring Ben.",
        "Side effects include agitation and suicidal thoughts.",
        "My fear is that I might cut myself, but it has never come to that.",
        "Say somebody leaves a suicide note, who reads it?",
        "If I ever wanted to kill myself I would tell you.",
    ],
)
def test_what_is_planned_or_warned_of_for_later_is_supposed(text: str) -> None:
    assert statuses(text) == {SignalStatus.HYPOTHETICAL}


@pytest.mark.parametrize(
    "text",
    [
        "Should I kill myself?",
        "What if I kill myself?",
        "If I kill myself nobody would notice.",
        "Suppose I took forty tablets, would it hurt?",
        "If he touches her again I'm putting him in the ground.",
        "My safety plan says ring Ben but I want to die.",
        "Safety plan reviewed, she still wants to die.",
        "When the urge to self-harm comes I cut myself.",
        "Side effects are bad and I want to die.",
        "The side effects make him suicidal.",
        "I am afraid that I will hurt my kids.",
    ],
)
def test_weighing_ones_own_death_or_a_plan_that_failed_is_present(text: str) -> None:
    assert SignalStatus.PRESENT in statuses(text)


# -- denial


@pytest.mark.parametrize(
    "text",
    [
        "Therapist: Any thoughts of suicide?\nClient: No.",
        "Do you hear voices? See things?\nPt: Nope.",
        "Would I ever drive after drinking? No ma'am.",
        "My dad never hits me.",
        "Suicide hasn't crossed my mind.",
        "Not once have I thought about ending it all.",
        "There is no sign that she cuts herself.",
        "Pt does not endorse mania, hallucinations or paranoia.",
        "My parents have decided that I'm on drugs. I'm not, I run.",
        "Asked about suicidal thoughts she answered no.",
    ],
)
def test_a_question_answered_no_is_denied(text: str) -> None:
    assert statuses(text) == {SignalStatus.NEGATED}


@pytest.mark.parametrize(
    "text",
    [
        "My uncle never stops touching me when I stay there.",
        "He never stopped hitting me.",
        "I've thought about it, but I have not made a plan to kill myself.",
        "She has thought about it but would never hang herself, she says.",
    ],
)
def test_what_does_not_stop_or_was_thought_about_is_not_denied(text: str) -> None:
    assert SignalStatus.PRESENT in statuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "Do you want to die?\nClient: Not today.",
        "Do you want to die?\nClient: No plan.",
        "Do you want to die?\nClient: No reason to live.",
        "Do you want to die?\nClient: No. Sometimes.",
        "Do you want to die?\nClient: I don't know.",
        "Do you want to die?\nClient: Never mind.",
        "Do you want to die?\nClient: No, but I cut myself.",
        "Do you want to die? Or do you want it to stop?\nClient: No.",
        "Do you want to die?\nClient: My wife asks that too.",
        "Dad never hits me where people can see.",
        "He hasn't hit me yet.",
        "I don't cut myself unless he shouts.",
        "There is no doubt that she cuts herself.",
        "Endorsed wish to be dead; denied method and intent.",
        "She answered no, but she has thoughts of suicide.",
    ],
)
def test_an_answer_that_leaves_it_open_denies_nothing(text: str) -> None:
    assert SignalStatus.PRESENT in statuses(text)


def test_only_a_question_can_be_answered() -> None:
    asked, told = "do you want to die? no.", "i want to die. no."
    assert asked_and_denied(asked, (0, asked.index("?") + 1))
    assert not asked_and_denied(told, (0, told.index(".") + 1))


# -- figures of speech


@pytest.mark.parametrize(
    "text",
    [
        "I shot myself in the foot with that email.",
        "The coach makes us run suicides.",
        "I overdosed on mince pies.",
        "They threw me a party.",
        "My inbox is plotting against me.",
        "The exam beat me up.",
        "We finished the safeguarding module.",
        "The app locked me out.",
    ],
)
def test_everyday_figures_are_idioms(text: str) -> None:
    assert statuses(text) <= {SignalStatus.IDIOM}


@pytest.mark.parametrize(
    "text",
    [
        "I shot myself in the leg.",
        "He overdosed on quetiapine.",
        "I overdosed on my mother's tablets.",
        "My husband threw me down the stairs.",
        "The neighbours are plotting against me.",
        "My husband beat me up.",
        "My phone is spying on me and so is the lamp.",
        "My father locked me out all night.",
        "I jumped off the bridge and lived.",
        "Kill me now, I cannot go on.",
    ],
)
def test_what_only_resembles_a_figure_is_present(text: str) -> None:
    assert SignalStatus.PRESENT in statuses(text)


# -- where the classifier is believed


def read_as(text: str, score: float, monkeypatch: pytest.MonkeyPatch) -> set[SignalStatus]:
    """The statuses of the classifier's signals where every passage sounds like every kind to the same degree."""

    def scores_of(texts: list[str], _folder: object) -> list[object]:
        rows = [len(risk_signals.passages_of(each, risk_classifier.settings().together)) for each in texts]
        return [np.full((many, len(SignalKind)), score) for many in rows]

    monkeypatch.setattr(risk_signals.risk_classifier, "scores_of", scores_of)
    return {signal.status for signal in read_risk(text).signals if signal.raised_by == risk_signals.CLASSIFIER}


SURE, LESS_SURE = risk_signals.SCORE_OVER_A_READING, risk_signals.SCORE_OVER_A_READING - 0.01


@pytest.mark.parametrize("text", ["My wife throws things, mostly at the wall.", "My brother died by suicide."])
def test_a_high_score_is_believed_over_a_reading_of_whose_it_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SignalStatus.PRESENT in read_as(text, SURE, monkeypatch)


def test_a_lower_score_is_not_believed_over_a_reading_of_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_as("My wife throws things, mostly at the wall.", LESS_SURE, monkeypatch) == {SignalStatus.SOMEONE_ELSE}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I have never wanted to die.", SignalKind.SUICIDAL_IDEATION),
        ("I cut myself shaving.", SignalKind.SELF_HARM),
    ],
)
def test_no_score_is_believed_over_a_denial_or_a_figure(
    text: str, kind: SignalKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_as(text, 1.0, monkeypatch)
    assert kind not in {signal.kind for signal in read_risk(text).present}


def test_a_denial_of_one_kind_silences_another_only_below_a_middling_score(monkeypatch: pytest.MonkeyPatch) -> None:
    text, middling = "I do not want to die, it is the nights.", risk_signals.SCORE_OVER_A_DISTANT_CUE
    read_as(text, middling, monkeypatch)
    assert SignalKind.ABUSE_OR_SAFEGUARDING in {signal.kind for signal in read_risk(text).present}
    read_as(text, middling - 0.001, monkeypatch)
    assert not read_risk(text).present


# -- where the network doubts a rule


PLAIN = "Honestly I want to die most days now."


def doubting(
    text: str, share: float, monkeypatch: pytest.MonkeyPatch, louder: tuple[int, ...] = (), below: float = 0.1
) -> list[RiskSignal]:
    """The rules' finds where doubt begins ``below`` a share of each threshold and every passage is at ``share`` of it.

    ``louder``: passages, by number, in which one kind is at two tenths.
    """
    settings = replace(risk_classifier.settings(), doubt_below=below)
    thresholds = np.array([settings.thresholds[kind] for kind in SignalKind])

    def scores_of(texts: list[str], _folder: object) -> list[object]:
        rows = np.tile(thresholds * share, (len(risk_signals.passages_of(texts[0], settings.together)), 1))
        rows[list(louder), 3] = thresholds[3] * 0.2
        return [rows]

    monkeypatch.setattr(risk_signals.risk_classifier, "scores_of", scores_of)
    monkeypatch.setattr(risk_signals.risk_classifier, "settings", lambda _folder: settings)
    return [signal for signal in read_risk(text).signals if signal.raised_by == risk_signals.RULE]


def test_a_find_in_which_the_network_hears_nothing_is_told_as_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = doubting(PLAIN, 0.09, monkeypatch)
    assert (found.kind, found.status) == (SignalKind.SUICIDAL_IDEATION, SignalStatus.DOUBTED)
    assert PLAIN[found.start : found.end] == "want to die"
    assert found.why.endswith("the network hears no risk in it")


def test_a_find_in_which_the_network_hears_a_little_stays_present(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [found.status for found in doubting(PLAIN, 0.11, monkeypatch)] == [SignalStatus.PRESENT]


@pytest.mark.parametrize("passage", [1, 3])  # the sentence itself, all three
def test_a_find_is_not_doubted_where_any_passage_that_holds_it_is_louder(
    passage: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"The bus was late. {PLAIN} The garden is nice."
    assert [found.status for found in doubting(text, 0.01, monkeypatch, (passage,))] == [SignalStatus.PRESENT]


@pytest.mark.parametrize("passage", [0, 2])
def test_what_is_louder_elsewhere_leaves_the_doubt(passage: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"The bus was late. {PLAIN} The garden is nice."
    assert [found.status for found in doubting(text, 0.01, monkeypatch, (passage,))] == [SignalStatus.DOUBTED]


@pytest.mark.parametrize(
    "text", ["I want to die.", "I'm worthless and a burden to everyone.", "I want to die " + "interminably " * 24]
)
def test_a_few_words_or_more_than_the_network_reads_are_not_doubted(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {found.status for found in doubting(text, 0.01, monkeypatch)} == {SignalStatus.PRESENT}


def test_what_the_rules_set_aside_keeps_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = doubting("I can say that I have never wanted to die.", 0.01, monkeypatch)
    assert found.status is SignalStatus.NEGATED


def test_a_version_that_says_nothing_of_doubt_never_doubts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [found.status for found in doubting(PLAIN, 0.0, monkeypatch, below=0.0)] == [SignalStatus.PRESENT]
    monkeypatch.undo()
    stored = risk_classifier.as_stored(replace(risk_classifier.settings(), doubt_below=0.0))
    assert "doubt_below" not in stored
    assert risk_classifier.as_stored(replace(risk_classifier.settings(), doubt_below=0.1))["doubt_below"] == 0.1


# -- the rules' own words


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Staying alive takes all the effort I have.", SignalKind.SUICIDAL_IDEATION),
        ("I am only using up air.", SignalKind.SUICIDAL_IDEATION),
        ("The letters are written and sealed.", SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR),
        ("There are thin red lines on my thighs.", SignalKind.SELF_HARM),
        ("I know where he lives and I have sat outside his house.", SignalKind.HARM_TO_OTHERS),
        ("My hands were round his neck.", SignalKind.HARM_TO_OTHERS),
        ("Everyone on the ward is in on it.", SignalKind.PSYCHOSIS_OR_MANIA),
        ("She hasn't been to bed since Sunday.", SignalKind.PSYCHOSIS_OR_MANIA),
        ("He uses the belt when I spill something.", SignalKind.ABUSE_OR_SAFEGUARDING),
        ("He told me not to tell anyone.", SignalKind.ABUSE_OR_SAFEGUARDING),
        ("There is vodka in my flask at school.", SignalKind.SUBSTANCE_CRISIS),
        ("His lips were blue when I found him.", SignalKind.SUBSTANCE_CRISIS),
    ],
)
def test_indirect_words_are_found(text: str, kind: SignalKind) -> None:
    assert kind in {signal.kind for signal in read_risk(text, rules_only=True).present}


@pytest.mark.parametrize(
    "text",
    [
        "The plant needs light to stay alive.",
        "The letters are in the hall, please post them.",
        "We went to bed late since Sunday was hot.",
        "My belt is too long.",
        "There is wine in the sauce.",
        "The lines on the road were red.",
    ],
)
def test_their_everyday_neighbours_raise_nothing(text: str) -> None:
    assert not read_risk(text, rules_only=True).present
