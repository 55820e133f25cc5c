"""Which topic a statement of a therapy session has: by its own words where they say it, else by the topic head."""

import re
from collections import Counter
from collections.abc import Sequence

from language.note_answers import Statement
from language.note_values import Role, Topic

_RISK = re.compile(
    r"\bare you safe\b|\bguns?\b|\bsuicid|\b(?:kill|hurt|harm|cut)(?:ing)? (?:them|him|her|your|my)sel(?:f|ves)|\bself-?harm|\b(?:their|his|her|my|your) life\b|\bnot (?:to )?(?:wake up|worth living)|\bwant(?:ing|s)? to (?:die|live)|better off (?:dead|without)|\bweapons?\b|\bcrisis line|\bsafety plan|safe at home|\bdo anything\b|\babout dying|\bnever hit\b|(?:harm|hurt|kill)ing (?:anyone|anybody|others)",
    re.I,
)  # fmt: skip
_GOAL = re.compile(
    r"\b(?:goals?|aims?) (?:is|are|was|to|of|for|we)\b|\bwants? to be able to\b|\bhopes? to\b|agreed that the patient wants to|would like to be able",
    re.I,
)
_PLAN_OF_CLINICIAN = re.compile(
    r"^We will (?:meet|see|plan|schedule|add|continue|talk|look at|start with|book|keep|send|order|refer)\b|\b(?:next|this|in one|in two|in \d) (?:session|week|time|appointment|weeks)\b|\bhomework\b|advised the patient to|\bschedule\b|\breferr?(?:al)?\b|will (?:send|call|see|refer|email|write)\b|\bnext (?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bsession is on\b",
    re.I,
)  # fmt: skip
_PLAN_OF_PATIENT = re.compile(
    r"\b(?:will|am going to|is going to|are going to|can|could) (?:try|do|call|ask|write|go|put|bring|record|practi[cs]e|delete|take|start|talk|keep|make|listen|come|be there|send|set)\b|\b(?:next week|tonight|before next|before bed)\b.*|would like that|wants? to do (?:mon|tues|wednes|thurs|fri)|agreed to the plan",
    re.I,
)  # fmt: skip
# What somebody else can or will do is no plan of the patient's.
_OF_ANOTHER = re.compile(r"The patient reports that (?!they\b|their\b|if\b|next\b|tonight\b|before\b)")
_OBSERVED = re.compile(
    r"noticed that the patient|can see that the patient|the patient (?:looks|seems|appears|sounds) |\b(?:tearful|tears in|eye contact|affect|speech)\b|speaking (?:more|faster|slower)|looks? at me|laughed (?:twice|again)",
    re.I,
)  # fmt: skip
_ASSESSES = re.compile(
    r"\b(?:scores?|diagnos\w+|fits|progress|pattern|criteria|improv\w+|consistent with|I think|clinician thinks)\b"
)
_RESPONDS = re.compile(
    r"\b(?:makes? sense|helped|calmer|lighter|relief|relieved|easier|looser|never (?:thought|looked|said)|nobody ever|can see that|believes? (?:that|it)|(?:did not|didn't) (?:know|realise|realize)|good point|doable|less (?:strong|anxious|afraid)|went down to|better than nothing|balanced|awkward|percent|shoulders dropped|confident)\b",
    re.I,
)  # fmt: skip
_HISTORY = re.compile(
    r"\bgrew up\b|\bwas (?:diagnosed|hospitali[sz]ed|raised)\b|\byears ago\b|\b(?:medication|milligrams?|mg|sertraline|side effects|prescri\w+|dose)\b|\b(?:drink|alcohol|wine|beers?|smok\w+|cannabis|sober)\b|\bwas (?:a child|a kid|little|young|nineteen|eighteen)\b",
    re.I,
)  # fmt: skip
# How many statements after an intervention still answer it.
REACHES = 3


def topics_of(statements: Sequence[Statement], by_head: Sequence[Topic]) -> list[Topic]:
    """One topic per statement, in order; what a patient says soon after an intervention may be the response to it."""
    topics: list[Topic] = []
    for index, one in enumerate(statements):
        after = any(topic is Topic.INTERVENTION for topic in topics[max(0, index - REACHES) :])
        topics.append(_topic(one, by_head[index], after))
    return _settled(statements, topics)


_TOLD = (Topic.CONCERN, Topic.HISTORY, Topic.RESPONSE)


def _settled(statements: Sequence[Statement], topics: Sequence[Topic]) -> list[Topic]:
    """The same, but what a patient tells in one turn is a response as a whole or not at all, by its most words."""
    words: dict[int, Counter[bool]] = {}
    for one, topic in zip(statements, topics, strict=True):
        if topic in _TOLD:
            its = words.setdefault(one.sources[-1].turn, Counter())
            its[topic is Topic.RESPONSE] += len(one.text.split())
    settled = []
    for one, topic in zip(statements, topics, strict=True):
        if topic in _TOLD and one.role is Role.PATIENT:
            its = words[one.sources[-1].turn]
            responds = its[True] >= its[False]
            topic = Topic.RESPONSE if responds else Topic.CONCERN if topic is Topic.RESPONSE else topic
        settled.append(topic)
    return settled


def _topic(one: Statement, by_head: Topic, after_intervention: bool) -> Topic:
    both = f"{one.text} {one.said}"
    if _RISK.search(both):
        return Topic.RISK
    if _GOAL.search(both):
        return Topic.GOAL
    if one.role is Role.CLINICIAN:
        return _of_clinician(one, by_head)
    if len(one.sources) == 1 and _PLAN_OF_PATIENT.search(one.text) and not _OF_ANOTHER.match(one.text):
        return Topic.PLAN
    if after_intervention and _RESPONDS.search(both):
        return Topic.RESPONSE
    if _HISTORY.search(both) or by_head is Topic.HISTORY:
        return Topic.HISTORY
    if by_head is Topic.RESPONSE and after_intervention:
        return Topic.RESPONSE
    return Topic.CONCERN


def _of_clinician(one: Statement, by_head: Topic) -> Topic:
    if _OBSERVED.search(one.text):
        return Topic.MENTAL_STATUS
    if _PLAN_OF_CLINICIAN.search(one.text):
        return Topic.PLAN
    return Topic.ASSESSMENT if by_head is Topic.ASSESSMENT and _ASSESSES.search(one.text) else Topic.INTERVENTION
