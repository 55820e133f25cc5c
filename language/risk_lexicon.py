"""Which words may speak of risk: one pattern per way of saying it, matched on lower-cased text.

The patterns find; whether a find counts (negated, past, someone else's, quoted, supposed) is language.risk_scope's
question. Where a phrase has an everyday meaning, IDIOMS covers it. Written for this project; no list was copied.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from language.risk_values import SignalKind

VERSION = "lexicon-4"


class Whose(StrEnum):
    """How a pattern tells whose risk it is."""

    SUBJECT = "subject"  # the grammatical subject before it: "my brother … killed himself"
    WRITER = "writer"  # the words themselves name the writer: "better off without me"
    VICTIM = "victim"  # the person acted upon: "he hits me"
    BELIEVER = "believer"  # whoever the sentence begins with: "he believes the neighbours watch him"


@dataclass(frozen=True)
class Rule:
    """One way of saying something that a clinician should see."""

    rule_id: str
    kind: SignalKind
    written: str
    """The pattern with its fragments by name."""
    why: str
    whose: Whose

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled at the first reading: all rules together take 0.3 s, and most processes never read a text."""
        return _compiled(self.written)


_FRAGMENTS = {
    "<self>": r"(?:my ?self|him ?self|her ?self|them ?sel(?:f|ves)|one ?self|me(?= tonight| now))",
    "<own>": r"(?:my|his|her|their)",
    "<who>": r"(?:i|he|she|they|we|you)",
    "<ordinary waking>": (
        r"(?! (?:at|early|late|so|before|until|till|for|in (?:time|a|an|the middle|pain)|with|next|when|to|rested|"
        r"refreshed|tired|on time|him|her|them|the|my|every|because|during|any earlier|anyone|screaming|sweating)\b)"
    ),
    "<not>": r"(?:(?:do|does|did|would|wo|ca|could|is|are|was|were|have|has|had|should)(?:n'?t|nt| not)|cannot|never)",
    "<anymore>": r"(?:any ?more|any ?longer|no more|no longer)",
    "<place>": r"(?! (?:with|in|at|on|near|under|here|there|alone|together|apart|out of|from|off|by|next)\b)",
    "<number>": r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|several|many)",
    "<slay>": r"(?:kill|hang|shoot|drown|poison|gas|suffocate|strangle|off|stab)",
    "<slaying>": r"(?:killing|hanging|shooting|drowning|poisoning|gassing|suffocating|offing|stabbing)",
    "<pills>": r"(?:pills?|tablets?|tabs|meds|medications?|medicines?|paracetamol|tylenol|capsules)",
    "<person>": (
        r"(?:him(?!self| self)|her(?!self| self)|them(?!sel)|you|some(?:one|body)|any(?:one|body)|"
        r"every(?:one|body)|"
        r"people|others|(?:my|his|her|their|our|the|a|an|that) (?:\w+ ){0,2}?(?:neighbou?rs?|boss|"
        r"supervisor|manager|ex|"
        r"husband|wife|partner|boy ?friend|girl ?friend|fianc[eé]e?|brother|sister|mother|mom|mum|dad|father|"
        r"step\w+|son|daughter|baby|child|kids?|children|co-?workers?|colleagues?|classmates?|teacher|"
        r"friends?|"
        r"room-?mate|landlord|man|woman|guy|boy|girl|family|parents?|uncle|aunt|cousin|"
        r"mother-in-law|father-in-law|grand\w+|staff|students?|police))"
    ),
    "<drug>": (
        r"(?:heroin|fentanyl|meth(?:amphetamines?)?|crystal|crack|cocaine|coke|oxy(?:codone|contin)?|"
        r"opioids?|opiates?|"
        r"oxys?|percs?|lorazepam|diazepam|alprazolam|clonazepam|klonopin|zopiclone|ambien|adderall|ghb|methadone|"
        r"benzos?|benzodiazepines?|xanax|valium|morphine|ketamine|percocet|vicodin|amphetamines?|"
        r"ecstasy|mdma|"
        r"pills|drugs|painkillers|tramadol|codeine)"
    ),
    "<spirit>": r"(?:vodka|whisk(?:e)?y|gin|rum|tequila|brandy|spirits|liquor|wine|alcohol|booze|beers?)",
    "<vehicle>": r"(?:car|truck|bus|train|van|lorry|tram|driver|bike|plane|meteor)",
    "<works>": (
        r"(?:police|fbi|cia|government|mafia|aliens?|neighbou?rs|satellites?|cameras?|agents?|tv|television|"
        r"radio|news|internet|they|people|every(?:one|body))"
    ),
    "<part>": (
        r"(?:arms?|wrists?|legs?|thighs?|skin|forearms?|stomach|hips?|ankles?|hands?|body|knuckles|face|"
        r"chest|shoulders?)"
    ),
}


def _compiled(pattern: str) -> re.Pattern[str]:
    for name, fragment in _FRAGMENTS.items():
        pattern = pattern.replace(name, fragment)
    # A written space stands for any run of them; look-behinds are left alone because their width is fixed.
    spaced = re.sub(r"(\(\?<[!=][^)]*\))| (\?)?", lambda m: m[1] or ("[ ]*" if m[2] else "[ ]+"), pattern)
    return re.compile(rf"(?<![\w'])(?:{spaced})(?!\w)")


def _rules(kind: SignalKind, whose: Whose, rows: list[tuple[str, str, str]]) -> list[Rule]:
    return [Rule(rule_id, kind, written, why, whose) for rule_id, why, written in rows]


_IDEATION = _rules(
    SignalKind.SUICIDAL_IDEATION,
    Whose.SUBJECT,
    [
        (
            "si.stay_alive",
            "staying alive as an effort",
            r"(?:(?:only|just|trying|promised|hard|effort|work|struggl\w+|tired of|point (?:in|of)|reasons?|try|manag\w+|for) "
            r"(?:\w+ ){0,4}?)(?:stay|staying|stayed|keep(?:ing)? (?:my|him|her)self|remain\w*) alive|"
            r"stay(?:ing)? alive (?:for|because|until|till|only|just|is|takes|feels|out of)",
        ),
        (
            "si.use_up_air",
            "sees oneself as a waste",
            r"(?:us(?:e|es|ing)|tak(?:e|es|ing)|wast(?:e|es|ing)) (?:up )?(?:the |everyone'?s |"
            r"good )?(?:air|oxygen|space on (?:this|the) (?:earth|planet))|outlived (?:my|"
            r"his|her) (?:use\w*|welcome|purpose|time)|on borrowed time and",
        ),
        (
            "si.want_to_die",
            "a wish to die",
            r"(?:pictur\w+|imagin\w+|plan\w*|think\w* (?:about|of)) <own> own (?:funeral|death|burial)|"
            r"(?:sees?|seeing|pictur\w+|imagin\w+) <self> (?:\w+ )?(?:dead|dying|in (?:a|my|his|her) (?:coffin|grave))|"
            r"(?:want(?:s|ed|ing)?|wish(?:es|ed)?|long(?:s|ed|ing)?|hop(?:e|es|ed|ing)|pray(?:s|ed|ing)?|"
            r"ready|like|wan|"
            r"need(?:s|ed)?|desire|prefer|rather)(?: \w+)? ?(?:to|na) (?:just |simply |really )?"
            r"(?:die|be dead|stop existing|cease|not exist|not be alive|not wake up|never wake up)|"
            r"(?:go to|fall a|to) ?sleep (?:and|to) (?:just )?(?:never|not) (?:have to )?w(?:ake|oke) up|"
            r"(?:want|ask|beg|pray)\w* (?:for )?(?:god|jesus|him|the lord) (?:to )?tak(?:e|es) (?:me|him|"
            r"her)",
        ),
        (
            "si.wish_dead",
            "a wish to be dead",
            r"(?:wish|hope|pray)(?:es|s|ed|ing)? (?:that )?(?:i|he|she|they)(?: just| simply)?"
            r"(?: (?:was|were|would be|could be|am|is|could|would|had|'d|d|might|may)(?: just)?)? ?"
            r"(?:dead|died?|gone forever|never (?:been )?born|never existed|not exist|disappear forever)",
        ),
        (
            "si.rather_dead",
            "death preferred to living",
            r"(?:me|him|her|myself|himself|herself) (?:dead|in the ground|six feet under|in (?:a|my|his|her) (?:grave|coffin))|"
            r"(?:should|ought to|deserves? to) (?:be dead|die|have died)|"
            r"(?:rather|sooner) (?:be dead|die)(?: than (?:live|go on|another|this|keep|carry|be alive)\w*)?",
        ),
        (
            "si.being_dead",
            "being dead as a relief",
            r"(?:being|if <who> (?:was|were)) dead (?:would be|sounds|seems|feels|is) \w+|"
            r"better off (?:being )?dead|wish to be dead|"
            r"(?:easier|better|simpler|happier) (?:\w+ ){0,3}(?:if|when) (?:i|he|she) (?:was|were|am|"
            r"is)(?:n'?t| not)? (?:dead|alive|here|gone|around)",
        ),
        (
            "si.thoughts",
            "thoughts of death or dying",
            r"(?:thoughts?|thinks?|thinking|thought|ideas?|dream(?:s|ing)?|fanta[sz]i\w+|daydream\w*|"
            r"ruminat\w+) (?:\w+ )?"
            r"(?:about|of|on) (?:\w+ ){0,2}?(?:death|dying|being dead|not (?:wanting to )?(?:exist\w*|"
            r"be(?:ing)? here|"
            r"be(?:ing)? alive|live|wake up)|my own funeral|ending (?:it(?: all)?|everything|things|(?:my|"
            r"his|her|their) "
            r"(?:own )?life)|taking (?:my|his|her|their) (?:own )?life)|"
            r"(?:feel(?:s|ing)? like|thought of|tempted to|tempt\w* by|urge to|drawn to) (?:dying|death|die|"
            r"end(?:ing)? it(?: all)?(?! with)|jump(?:ing)?(?= off| in front| from|\W*$)|swerv\w+)|"
            r"(?:think|thinking|thought|thoughts) (?:about|of) (?:\w+ )?(?:turning the wheel|driving (?:into|"
            r"off)|jumping (?:off|from|in front)|letting go|stepping (?:off|in front)|never waking|"
            r"not existing|leaving this (?:world|life))|"
            r"(?:think|thinking|thought|thoughts) (?:about|of) (?:\w+ )?(?:crashing|swerving|which (?:pills|bridge|train|way))(?: \w+){0,3}|"
            r"(?:not|n't|no longer) (?:\w+ )?(?:afraid|scared|frightened|terrified) (?:of|by) (?:death|dying)(?: any ?more)?|"
            r"who (?:would|will|'?d|'?ll) (?:\w+ )?(?:find my body|find me dead|come to my funeral|be at my funeral|miss me)|"
            r"(?:<not> (?:see|know|understand) )?(?:why|reason) (?:i|he|she) (?:should|would) (?:even )?(?:keep|go on|carry on|bother) (?:breathing|living|existing|waking|going|to live)|"
            r"hop(?:e|es|ing) (?:it|everything|life|this) (?:all )?(?:ends|is over) (?:soon|quickly|tonight)|"
            r"no future (?:\w+ ){0,3}(?:want|wants|can see|part of)|"
            r"(?:look(?:s|ing)? forward to|welcom(?:e|es|ing)|not object to|ready for) (?:dying|death)|"
            r"(?:join|be with|follow|reunited with) (?:my|his|her|their) (?:late|dead|deceased) \w+|"
            r"death (?:would|will|sounds|seems|feels) (?:\w+ ){1,3}(?:relief|peace\w*|release|kinder|better|"
            r"easier|nice)",
        ),
        (
            "si.kill_self",
            "words of killing oneself",
            r"(?:<slay>(?:s|ed)?|<slaying>|hung) <self>|kms|unaliv\w+",
        ),
        (
            "si.end_life",
            "words of ending one's life",
            r"(?:end|ends|ended|ending|take|takes|taking|took|taken) <own> (?:own )?li(?:fe|ves)|"
            r"(?:end|ending|finish) (?:it all|everything for good|this life)|end things (?:permanently|"
            r"forever|for good)",
        ),
        (
            "si.suicide",
            "suicide named",
            r"suicid(?:e|es|al|ality|ally)(?! (?:prevention|hotline|helpline|line|squad))",
        ),
        (
            "si.not_be_here",
            "not wanting to be here",
            r"(?:<not>|no longer|stop(?:ped)?) (?:really |even )?(?:want(?:s|ed|ing)?|wan|wish(?:es)?|care)"
            r" ?(?:to|na) (?:be here(?! (?:in|at|for|with|on)\b)|live(?! (?:with|in|at|here|on|near|under|"
            r"alone|off|there|"
            r"so|together|apart|far|close|like th)\b)|exist|be alive|be around|be on this (?:earth|planet)|"
            r"be in this world|wake up(?! (?:at|early|so|before|for|in|with|next)\b)|go on living|"
            r"go on with (?:my |this )?life|"
            r"continue living|be part of this world)"
            r"|(?:not|without) wanting to (?:be here|live|be alive|wake up|exist)",
        ),
        (
            "si.no_longer_live",
            "no wish to go on living",
            r"(?:lost|no|losing) (?:the |my |his |her |any |all )?(?:will|desire|wish) to (?:live|go on)|"
            r"nothing (?:left |more )?(?:to live for|worth living for)|"
            r"(?:tired|sick|weary|exhausted) of (?:living<place>|life|being alive|existing|existence|this life)|"
            r"(?:done|tired of|sick of) (?:trying|fighting)(?=\W*$)|"
            r"(?:done|finished|had enough|through) (?:with|of) (?:life|living<place>|being alive|existing|this life|"
            r"this world)|"
            r"hat(?:e|es|ing) (?:being alive|living<place>)|(?:un)?able to (?:keep|go on) living|"
            r"(?:not sure|unsure|do(?:n'?t| not) know|wonder\w*) (?:if |whether |that )?(?:i|he|she) (?:even )?(?:wants?|will|can|is going|"
            r"am going)(?: to)? (?:still )?be (?:around|alive|here (?:for|by|next|at|much|tomorrow))(?: \w+){0,2}|"
            r"(?:no|any|a|see) reason(?: left)? (?:to|for) (?:stay\w*|be(?:ing)?|keep\w*|remain\w*|going) (?:alive|here|on|living|breathing)|"
            r"(?:do(?:n'?t| not) know|not sure|unsure|wonder\w*|doubt\w*|question\w*) (?:if|whether|that|"
            r"why) (?:i|he|she) (?:even )?"
            r"(?:(?:want|wants|can|should|care|wish)(?: to)?(?: even)? )?(?:live|go on|be alive|"
            r"be here(?! (?:in|at|for|with))|exist|keep going|am alive|am still here)|"
            r"(?:should(?:n'?t| not)|do(?:es)?(?:n'?t| not) deserve to) (?:be alive|exist|live|"
            r"be here anymore)|(?:see|is|no) (?:other |only )?way out (?:except|but|other than) (?:death|"
            r"dying|to die|suicide)|"
            r"(?:only|easiest) way out(?= is (?:death|to die|dying)|\W*$)|(?:waste of (?:space|oxygen|air))",
        ),
        (
            "si.worth_living",
            "life not worth living",
            r"life (?:\w+ )?(?:is(?:n'?t| not)|(?:was|feels|seems) not|does(?:n'?t| not) (?:feel|"
            r"seem)) (?:\w+ )?worth"
            r"(?: living| it)?|life (?:has lost|has no|lost) (?:all |its |any )?(?:meaning|point|purpose)|"
            r"not worth living|life (?:is|feels|seems) (?:\w+ )?(?:pointless|meaningless|not for me|unbearable)|"
            r"(?:lost|losing|no) interest in (?:living<place>|life\b(?! insurance))|sees? no (?:way forward|future(?: for <self>)?)(?! (?:in|with|at))",
        ),
        (
            "si.thought_about_it",
            "thought about what is then said not to be planned",
            r"thought about (?:it|that),? but(?= (?:\w+(?:'\w+)? ){0,9}(?:kill|hang|shoot|drown)(?:ing)? (?:my|him|her)self\b)",
        ),
        (
            "si.no_point",
            "no point in going on",
            r"(?:no|any|(?:<not>|hardly) (?:\w+ )?(?:a|any|the|much|an?)|what(?:'?s| is|"
            r" was)? the) (?:more )?"
            r"(?:point|reason|purpose|sense|use) (?:(?:in|of|to|for|left)(?: to)? )?(?:\w+ )?"
            r"(?:living|live|go(?:ing)? on(?! (?:about|with (?!life|living)|holiday|vacation|a )\b)|"
            r"carry(?:ing)? on"
            r"(?! (?:with|about) (?!life|living))|being alive|being here|continu(?:e|ing) (?:to live|living|"
            r"life)|"
            r"keep(?:ing)? going|exist(?:ing)?|wak(?:e|ing) up|stay(?:ing)? alive)",
        ),
        (
            "si.cannot_go_on",
            "cannot go on",
            r"(?:can'?t|cant|cannot|can not|could(?:n'?t| not)) (?:go on|carry on|keep going|keep living|"
            r"keep doing this|"
            r"do this|take (?:it|this)|live)(?: like this)? (?:<anymore>|much longer)|"
            r"(?:can'?t|cannot) (?:go on|live|carry on) (?:like this|living)|want(?:s|ed)? (?:everything|"
            r"it all|the pain|"
            r"all of it|my life|life|it) to (?:just )?(?:stop|end|be over)(?: for good| forever)?|"
            r"(?:want(?:s|ed)?|wan|just) ?(?:to|na) (?:just )?(?:end|stop) (?:it(?: all| now)?|everything|"
            r"my (?:suffering|pain|misery|existence))(?! with)|"
            r"(?:want(?:s|ed)?|ready) (?:it |this |everything )?(?:all )?to (?:be |"
            r"finally be )?over(?: for good| forever)?",
        ),
        (
            "si.disappear",
            "a wish to disappear for good",
            r"(?:want(?:s|ed)?|wish(?:es)?|time|going|ready|like|need|plan(?:ning)?) (?:\w+ )?to (?:just )?"
            r"(?:disappear|vanish|be gone|fade away|go away|sleep|leave)"
            r" (?:forever|for good|for ever|permanently|and never (?:come|be|wake)\w*|from (?:this|"
            r"the) (?:world|earth)|"
            r"this (?:world|earth|life))",
        ),
        (
            "si.not_waking",
            "hoping not to wake up",
            r"(?:disappoint\w+|sorry|sad|angry|upset|annoyed|frustrated)(?: \w+){0,3} (?:woke|wake|waking) up(?: at all| again| alive)?(?=\W*$| at all| again| alive| every| each| today| this)|"
            r"(?:hop(?:e|es|ing)|pray(?:s|ing)?|wish(?:es|ing)?)(?: \w+){0,3} (?:won'?t|wouldn'?t|<not>|not|never) (?:see|live to see|reach|make it to) (?:the )?(?:morning|tomorrow|next \w+|christmas|my birthday)|"
            r"(?:hop(?:e|es|ed|ing)|wish(?:es|ed|ing)?|pray(?:s|ed|ing)?|lik(?:e|es)|want(?:s|ed|ing)?|rather|better|"
            r"dream(?:s|ing)?|relie\w+|glad|happ\w+|thank\w+)(?: \w+){0,6} (?:<not>|not|never|n't|won'?t) "
            r"(?:have to |had to |ever |just )?w(?:ake|oke|aking)n?(?: up<ordinary waking>|(?= again| tomorrow| in the morning|\W*$))|"
            r"(?:would|will|could|might|to|just) (?:just )?(?:never|not) (?:\w+ )?"
            r"w(?:ake|oke|aking)n? up<ordinary waking>|would(?:n'?t) (?:just )?wake up<ordinary waking>|(?:sleep|asleep|bed) and (?:never|not|did(?:n'?t|"
            r" not)|don'?t) "
            r"w(?:ake|oke|aking)n? up<ordinary waking>|sleep forever|never waking up(?: again)?<ordinary waking>|"
            r"(?:tomorrow|the morning|morning) (?:never|does(?:n'?t| not)|would(?:n'?t| not|)) (?:never )?comes?(?: for me)?",
        ),
        (
            "si.checking_out",
            "leaving life, in covert words",
            r"check(?:ing)? out (?:early|for good|permanently|of life|of this (?:life|world))|"
            r"catch the bus out|"
            r"(?:do(?:n'?t| not) think|doubt) (?:that )?(?:i|he|she)(?:'?ll| will|'m going to| am going to) be (?:around|here|alive)(?: \w+){0,2}|"
            r"not (?:be )?(?:around|here) (?:for )?much longer|(?:won'?t|will not|not going to|not gonna) be (?:around|"
            r"here) (?:(?:for )?(?:much )?longer|for it|for that|to see (?:it|that))",
        ),
        (
            "si.wish_accident",
            "hoping for a fatal accident",
            r"(?:would(?:n'?t| not)|will not|won'?t) (?:even )?(?:step|move|get|jump|swerve|brake|run) (?:out of the way|aside|away)|"
            r"(?:glad|happy|relieved|grateful|fine|okay|ok) if (?:my|his|her) (?:heart|body|life) (?:just )?(?:stopped|gave out|ended)(?: \w+){0,2}|"
            r"(?:my|his|her) heart (?:would )?just stop(?:ped|s)?|"
            r"(?:would(?:n'?t| not)|do(?:n'?t| not)|will not|won'?t|hardly) (?:really |even |much )?"
            r"(?:mind|care|bother me|matter|complain|be sad|be sorry|be bad|be the worst(?: thing)?|stop it|fight it|move|move away)(?: \w+){0,3}? "
            r"(?:if|when|whether) (?:(?:a|an|the|some|that|my) (?:\w+ )?(?:<vehicle>|cancer|tumou?r|illness|disease|storm|lightning|heart attack)"
            r" (?:\w+ )?(?:hit|hits|struck|strikes|ran|runs|crashe[sd]|took|takes|killed|kills|got|gets|came|comes)(?: \w+){0,2}|"
            r"(?:i|he|she) (?:just |simply |suddenly )?(?:got|get|gets|was|were|am|is|would be) (?:hit|run over|struck|killed|shot|crushed|mown down)(?: \w+){0,3}|"
            r"(?:i|he|she) (?:just |simply |suddenly )?(?:never|did(?:n'?t| not)|do(?:es)?(?:n'?t| not)) w(?:ake|oke)n?(?: up)?(?: \w+){0,3}|"
            r"(?:i|he|she) (?:just |simply )?(?:died|dies|die|dropped dead|disappeared|vanished|had a heart attack|stopped breathing|crashed))|"
            r"(?:hop(?:e|es|ing)|wish(?:es|ing)?|pray(?:s|ing)?|like|imagin\w+)(?: \w+){0,6} (?:hits?|"
            r"crash(?:es)?|run(?:s)? over|"
            r"kills?|takes?)(?: into)? (?:me|us|him|her)(?: away)?|easy it would be to (?:step|jump|let go|"
            r"drive|swerve|end|just)|"
            r"(?:step|jump|walk|throw <self>|swerv\w+|driv\w+)(?:ping|ing)? (?:out )?(?:off|in front of|"
            r"into) (?:\w+ )?"
            r"(?:platform|train|traffic|bridge|oncoming|truck|lorry|tree)",
        ),
        (
            "si.clinical",
            "clinical words for ideation",
            r"(?:passive|active) (?:si|death wish(?:es)?|suicid\w*)|death wish(?:es)?|"
            r"(?:endorses|endorsed|reports|reported|positive for|expresses|with|has) si|si(?:/hi)?",
        ),
    ],
) + _rules(
    SignalKind.SUICIDAL_IDEATION,
    Whose.WRITER,
    [
        (
            "si.better_without_me",
            "others better off without the writer",
            r"(?:everyone|everybody|family|kids|children|wife|husband|they|he|she|world|people) (?:would|will|'?d|'?ll) (?:all )?be (?:just )?(?:fine|ok|okay|all right|glad) without (?:me|him|her)|"
            r"(?:better|happier|easier|lighter|cope better|do better|calmer) (?:\w+ )?(?:off |place )?(?:without (?:me|him|her)(?! (?:there|at|in(?! it\b| this world)|on|when|this)\b)|"
            r"if (?:i|he|she) (?:was|were|wasn'?t|weren'?t|had|died)(?: \w+)?"
            r"(?: (?:dead|gone|here|around|not here|alive|born|died))?|(?:when|once) i(?:'m| am) (?:gone|"
            r"dead))",
        ),
        (
            "si.nobody_would_miss",
            "nobody would miss the writer",
            r"(?:no ?body|no one|no-one|who|not even \w+) would (?:even )?(?:miss|notice|care)(?: me)? if i "
            r"(?:was|were|died|disappeared|vanished|killed|wasn'?t|weren'?t)(?: \w+)?|"
            r"(?:relieved|happier|glad|fine with me|easier) (?:\w+ )?if i (?:was|were|died|"
            r"disappeared)(?: \w+)?|"
            r"if i (?:died|were dead|was dead)(?: \w+){0,3} (?:nobody|no one|fine|okay|ok|relief)",
        ),
        (
            "si.if_never_woke",
            "dying in one's sleep would be welcome",
            r"if (?:i|he|she) (?:just )?(?:died|die|dies|passed|went|slipped away) in (?:my|his|her) sleep(?: \w+){0,4}|"
            r"(?:die|dying|pass away|slip away|go) in (?:my|his|her) sleep|"
            r"if i (?:just )?(?:died|was dead|were dead|was gone|were gone|disappeared|didn'?t exist|did not exist|weren'?t here|wasn'?t here)"
            r"(?: \w+){0,4} (?:best|better|easier|simpler|relief|happier|kinder|good) (?:\w+ )?(?:thing |outcome )?(?:for|to) (?:\w+ )?(?:everyone|everybody|us all|all|them|family|kids|wife|husband)|"
            r"if i (?:\w+ ){0,5}(?:never|didn'?t|did not) w(?:ake|oke)n? up(?: \w+){0,3}",
        ),
        (
            "si.indifferent",
            "does not care about living or dying",
            r"(?:do(?:n'?t| not)|would(?:n'?t| not)|no longer) (?:really )?(?:care|mind|"
            r"matter)(?: to me)? (?:if|whether|that) "
            r"i (?:'?ll |will |would )?(?:live|die|died|wake up|lived|survive|am alive|make it)(?: or (?:die|"
            r"live|not))?",
        ),
        (
            "si.burden",
            "sees oneself as a burden",
            r"(?:worthless|useless|nothing)(?: \w+){0,4} burden|(?:i|i'?m|i am|am|being|just|only|feel like|"
            r"become) (?:\w+ )?"
            r"(?:a |such a )?(?:\w+ )?burden (?:to|on|for) (?:everyone|everybody|my family|them all|"
            r"the world|all of them|people)",
        ),
    ],
)

_PLAN = _rules(
    SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR,
    Whose.SUBJECT,
    [
        (
            "sp.letters_ready",
            "letters for afterwards",
            r"(?:letters|notes|envelopes) (?:are|is) (?:\w+ ){0,2}?(?:written|done|finished|"
            r"sealed|addressed|ready|signed|in the (?:drawer|desk|envelope|safe|glove\w*|sock drawer))|"
            r"(?:a |an )?(?:letter|envelope|note)s? (?:for|to) (?:each|every one) (?:of (?:them|the)|"
            r"child|\w+)|(?:read|open) (?:it|this|them) (?:after|when|once) (?:i'?m|it'?s (?:done|over))",
        ),
        (
            "sp.attempt",
            "a suicide attempt",
            r"suicid(?:e|al) (?:attempts?|gestures?|behaviou?rs?)|attempt(?:s|ed|ing)? (?:\w+ ){0,2}?suicide|"
            r"(?:tried|try|tries|trying|attempt(?:ed|ing|s)?) (?:to|and) (?:\w+ )?(?:<slay> <self>|(?:end|"
            r"take) <own> (?:own )?life|"
            r"overdose|jump (?:off|from|in front)\w*|die)|commit(?:s|ted|ting)? suicide|"
            r"died by suicide|(?:killed|hanged|hung|shot|drowned) <self>|(?:took|taken) <own> own life",
        ),
        (
            "sp.overdose",
            "an overdose",
            r"overdos(?:e|ed|es|ing)(?! (?:on|of) (?:heroin|fentanyl|cocaine|meth|crack|opioids?|opiates?|"
            r"coke))|"
            r"(?:swallow(?:ed|ing)?|took|taken|taking) (?:\w+ ){0,2}?(?:all|every\w*|whole|entire|handfuls?|"
            r"bottles?|boxe?s?|too many)"
            r"(?: \w+){0,4}? <pills>",
        ),
        (
            "sp.intent",
            "intent to kill oneself",
            r"(?:going to|gonna|gon na|will|\w+'ll|ill|decided to|plan(?:s|ned|ning)? (?:to|on)|intend(?:s|"
            r"ed|ing)? to|about to|"
            r"ready to|mean(?:s|t)? to|intent(?:ion)? (?:to|of)|threat(?:s|en|ens|ened|ening)? to|set on|"
            r"vow(?:s|ed)? to) (?:\w+ )?"
            r"(?:<slay> <self>|<slaying> <self>|end(?:ing)? <own> (?:own )?life|"
            r"end(?:ing)? it(?: all)?(?! with)|"
            r"tak(?:e|ing) <own> own life|die tonight|jump$|jump(?= off| from|\W*$)|commit suicide|"
            r"use it on <self>)|"
            r"decided i(?:'m| am) going to (?:kill|end|die)\w*|do it tonight|tonight(?:'s| is) the night|"
            r"suicid(?:e|al) (?:\w+ (?:and|or) )?(?:intent|intention|plans?|notes?|letters?|pact|means)",
        ),
        (
            "sp.plan",
            "a plan to die",
            r"plan(?:s|ned|ning)? (?:to|for|of|how to) (?:\w+ )?(?:<slay> <self>|<slaying> <self>|die(?! of)|"
            r"end(?:ing)? <own> (?:own )?life|"
            r"end(?:ing)? it|take <own> own life|overdose|jump)|(?:have|has|got|with|made) (?:a |the |"
            r"my )?(?:\w+ )?plans?"
            r"(?: \w+){0,6} (?:bridge|pills|gun|rope|roof|method|noose|overdose|to die)|"
            r"(?:know|knows|decided|chosen|chose|picked)(?: \w+){0,2} (?:how|where|when|which bridge|the day|"
            r"the date|a date|the place)"
            r"(?: \w+){0,4} (?:do it|die|kill \w+|end it|end my life)|know which bridge|(?:ideation|si|"
            r"thoughts),? (?:with|has) (?:a )?(?:plan|intent)|"
            r"(?:know|knows|knew|decided|figured out) (?:exactly )?how (?:i|he|she)(?:'d|'ll| would| will|"
            r" am going to|'m going to| is going to) (?:do it|die|go|end it)|"
            r"by the time (?:you|they|anyone) (?:read|find|hear)s? (?:this|me)|(?:won'?t|will not|"
            r"not going to|not gonna) (?:be alive|see me (?:again|alive)|be here (?:for|by|next|after|"
            r"tomorrow|on)|live (?:to see|past))(?: \w+){0,3}|"
            r"(?:practi[sc]ed|rehears\w+) (?:\w+ )?(?:hanging|the knot|it with|with the)|(?:aborted|"
            r"interrupted|rehearsed) (?:suicide )?attempts?|about to (?:jump|do it|end it)|stopped (?:me|him|"
            r"her) (?:when|before) (?:i|he|she) (?:was about to )?jump\w*",
        ),
        (
            "sp.goodbye",
            "goodbyes or giving things away",
            r"(?:wrote|writ(?:e|es|ing|ten)|left|leav(?:e|ing)|composed) (?:\w+ ){0,4}?(?:good-?bye|suicide|"
            r"farewell|last) "
            r"(?:letters?|notes?|messages?|words)|(?:said|saying|say) (?:\w+ )?good-?byes?(?= to (?:people|"
            r"everyone|everybody|friends|family|all|(?:my|his|her) (?:family|kids|children|friends))|\W*$)|"
            r"(?:gave|giv(?:e|es|ing|en)) (?:away )?(?:all |my |his |her |their )+(?:\w+ )?"
            r"(?:things|belongings|possessions|stuff)(?: away)?|"
            r"gave away (?:\w+ ){0,8}?(?:won'?t|will not|no longer|not) (?:be )?need\w*|(?:won'?t|"
            r"will not) be needing (?:them|it|anything)",
        ),
        (
            "sp.means",
            "means prepared or searched for",
            r"(?:saving|saved|sav(?:e|es)|stockpil\w+|hoard\w*|collect\w*|gather\w*|bought|buying|got|"
            r"count\w*|held|holding|stash\w*|put(?:ting)?(?= aside| by| away))"
            r" (?:up )?(?:\w+ ){0,4}?<pills>(?: \w+){0,6}? (?:enough|die|sure|end|kill \w+|count\w*|them)|"
            r"how many (?:<pills>|of them) (?:\w+ ){0,3}?(?:die|kill\w*|take|lethal|enough)|lethal dose|"
            r"(?:look(?:ed|ing|s)? up|research\w*|googl\w+|search\w*|read(?:ing)? (?:about|"
            r"up)) (?:\w+ ){0,4}?(?:ways?|how|methods?) "
            r"(?:\w+ ){0,3}?(?:to )?(?:die|kill \w+|end \w+ life|suicide|hang \w+)|"
            r"noose|(?:rope|belt|cord|cable|scarf|sheet|tie|shoelaces?|wire|lead|charger|bag|string|ligature) (?:tight |tightly )?(?:a?round|over) <own> (?:own )?(?:neck|head)|tied (?:a|the|"
            r"my) (?:rope|belt|cord)|"
            r"(?:gun|rifle|pistol|blade|knife) (?:to|in|against|at) <own> (?:own )?(?:head|mouth|temple|"
            r"throat|lap)|loaded (?:the|a|my|his|her) gun|"
            r"(?:stood|standing|stand|sat|went|drove|driven|walked) (?:\w+ ){0,3}?(?:bridge|ledge|roof|"
            r"edge of the (?:roof|cliff|platform))|"
            r"(?:rope|pills|tablets|gun|knife|razor|belt|noose|everything) (?:is |are |was |"
            r"were )?(?:all )?(?:ready|lined up|laid out|loaded)|"
            r"(?:took|taken|swallowed|take) (?:[1-9][0-9]+|\w+ty|\w+teen|a dozen|fifteen|twenty|"
            r"thirty) (?:of )?(?:my |the |her |his )?(?:\w+ )?<pills>|"
            r"(?:took|taken|swallowed|swallowing|taking) (?:\w+ )?(?:[1-9][0-9]+|\w+ty|\w+teen|twelve|a dozen|dozens) (?:of )?(?:[\w']+ ){0,3}<pills>|"
            r"(?:putting|put|setting|set) (?:aside|by) (?:\w+ ){0,4}?<pills>|(?:rope|noose) (?:\w+ )?hidden|"
            r"enough (?:of )?(?:\w+ )?<pills>(?: \w+){0,2} (?:saved|stash\w*|put aside|hidden|hoarded|to (?:die|kill \w+|do it|end|not wake))|"
            r"(?:hid(?:e|es|ing|den)?|keep(?:s|ing)?|kept|stash\w*|bought|buying|got|have|has|put|tied) (?:a|the|my|his|some) (?:\w+ )?(?:rope|noose|helium)"
            r"(?! (?:for (?:climbing|sailing|the (?:boat|dog|swing))|ladder|swing))|"
            r"(?:shot ?gun|gun|rifle|pistol|revolver|firearm|weapon) (?:\w+ )?(?:in|under|beside|by|at) (?:the |my |his |her )?(?:\w+ )?(?:house|home|bed|nightstand|drawer|pillow|car|closet|wardrobe)"
            r"(?: \w+){0,10} (?:myself|himself|herself|end|tempt\w*|think\w*|bad)|"
            r"(?:bridge|platform|roof|cliff|balcony|window) (?:edge|ledge|railings?|parapet)(?: \w+){0,4}|over the (?:railings?|parapet)|"
            r"(?:nearly|almost|came close to|so close to|this close to) (?:did it|doing it|jumped|jumping|went through with it|ended it|ending it|let go)|"
            r"how (?:long|much|many|quickly|fast|high) (?:\w+ ){0,6}?to (?:die|bleed out|suffocate|drown|lose consciousness|be fatal)|"
            r"(?:hanging|overdose|suicide|fatal|lethal) (?:methods?|doses?|amounts?)|"
            r"(?:made|written|wrote|writing|updated|changed) (?:my|his|her|a) will(?=.{0,80}\b(?:sorry|good-?byes?|clean up after|when i'?m gone|no more|peace)\b)|"
            r"(?:put|getting|get|got|putting) (?:all )?(?:my|his|her) affairs in order|"
            r"(?:cant|can'?t|cannot|can not|won'?t|not) (?:\w+ )?promise (?:\w+ ){0,4}(?:still )?(?:be (?:here|alive|around|safe)|stay (?:safe|alive))(?: \w+){0,2}|"
            r"(?:in the car|in the garage|engine running|motor running)(?: [\w,]+){0,8} (?:engine running|motor running|garage (?:door )?(?:closed|shut)|hose\w*|windows? (?:closed|taped))(?: \w+){0,2}|"
            r"(?:train|bus|car|truck|lorry) (?:that )?(?:i|he|she)(?: would|'?d| will|'?ll)? (?:step|jump|walk|lie down|throw \w+) (?:out )?in front of|"
            r"(?:wrong|other|outer|far) side of the (?:railings?|barrier|parapet|fence|bridge)|"
            r"(?:work(?:ed|ing|s)? out|figur(?:e|ed|ing) out|calculat\w+|know|knows|found out) (?:\w+ ){0,2}?(?:dose|dosage|amount|number of <pills>)(?: \w+){0,4}|"
            r"(?:wrote|written|writing|left|leaving) (?:my |his |her |goodbye |\w+ )?(?:letters?|notes?) (?:to|for) (?:each of )?(?:my|his|her|the) (?:\w+ )?(?:kids|children|wife|husband|parents|family|sons?|daughters?|mother|father|mum|mom|dad)|"
            r"when i'?m (?:gone|dead|not here|no longer here)|"
            r"(?:chosen|picked|decided on) (?:the|a|my) (?:day|date|method)(?! (?:for|of|with|to|that)\b)|"
            r"empty (?:\w+ )?(?:bottles?|packets?|box(?:es)?|blisters?|strips?) of (?:\w+ )?<pills>|"
            r"(?:swallow(?:ed|ing)?|took|taken) (?:everything|whatever \w+ (?:\w+ )?(?:found|find)) in the \w+|"
            r"(?:ran|run|runs|walk(?:ed|s)?|step(?:ped|s)?) (?:out )?(?:into|in front of) (?:the |oncoming |a )?(?:traffic|cars|train|bus|truck|lorry)|"
            r"them (?:all )?lined up|(?:carbon monoxide|exhaust (?:hose|pipe))(?: \w+){0,4}|(?:drank|swallowed) (?:\w+ )?(?:bleach|"
            r"antifreeze|pesticide)|(?:lay|laid|stood|stepped|sat|walked) (?:down )?(?:on|"
            r"onto) the (?:train )?tracks|"
            r"(?:gun|barrel|pistol) (?:\w+ ){0,3}in <own> mouth|bought (?:a |the |some )?(?:rope|helium|"
            r"razor blades)|overdose stash",
        ),
        (
            "sp.jumped",
            "a jump from a height",
            r"(?:jump(?:ed|s|ing)?|threw <self>|leap(?:t|ed)?) (?:\w+ )?(?:off|from|in front of|out of|"
            r"under) (?:\w+ ){1,4}?"
            r"(?:bridge|roof|building|balcony|park|cliff|window|train|overpass|ledge|truck)",
        ),
        ("sp.wrists", "cutting wrists", r"(?:slit|slits|slitting|slashed) <own> (?:wrists?|throat)"),
        (
            "sp.use_on_self",
            "a weapon meant for oneself",
            r"(?:use|used|using) (?:it|the \w+|a \w+) on <self>",
        ),
    ],
)

_SELF_HARM = _rules(
    SignalKind.SELF_HARM,
    Whose.SUBJECT,
    [
        (
            "sh.lines",
            "lines or blood on the skin",
            r"(?:rows?|ladders?|tall(?:y|ies)|cross-?hatch\w*|neat|thin|red|parallel|"
            r"fresh|straight|little) (?:\w+ ){0,2}?(?:lines|cuts|scratches|nicks|scabs|"
            r"marks) (?:\w+ ){0,3}?(?:<own>|the) (?:\w+ )?(?:<part>|wrist|thigh|arm)|"
            r"blood on (?:the |my |his |her )?(?:\w+ )?(?:sleeves?|cuffs?|sheets?|towels?|"
            r"tights|pyjamas|pajamas|leggings)|inside of (?:my|his|her|the) (?:left |"
            r"right |upper |lower )?(?:thigh|arm|forearm|elbow|wrist|leg|knee|ankle)s?",
        ),
        (
            "sh.named",
            "self-harm named",
            r"self[- ]?(?:harm(?:s|ed|ing)?|injur(?:y|ies|e|es|ed|ing|ious)|mutilat\w+)|nssi",
        ),
        (
            "sh.cut",
            "cutting oneself",
            r"(?:cut|cuts|cutting|slic(?:e|es|ed|ing)|slash(?:es|ed|ing)?|carv(?:e|es|ed|ing)|gash\w*|"
            r"stab(?:s|bed|bing)?) "
            r"(?:<self>|(?:\w+ )?(?:into |on |up |at |open )?(?:the (?:inside|insides|top|tops|back|side|sides) of )?<own> (?:own )?(?:\w+ )?<part>)|"
            r"(?:full of|covered (?:in|with)|rows? of|lines? of) (?:\w+ )?(?:cuts|cutting|self[- ]inflicted|razor|slashes)(?: \w+){0,3}|"
            r"(?:cuts|burns|scars|marks|wounds) (?:that |which )?(?:i|he|she) (?:made|makes?|did|does|do|put there|gave)(?: \w+)?|(?:carv\w+|cut) (?:\w+ )?(?:lines|"
            r"words|marks) (?:in|into|on) <own> \w+",
        ),
        (
            "sh.cutting",
            "cutting as a habit",
            r"(?:started|start|starts|stopped|stop|began|begun|keeps?|kept|quit|been|is|resumed|felt like|"
            r"feel like|continu\w+|"
            r"thoughts? (?:of|about)|thinking (?:of|about)|urges? (?:to|of|for)|want(?:s|ed)? to|need(?:s|"
            r"ed)? to) cut(?:ting)?"
            r"(?= (?:and|when|because|again|is|was|himself|herself|every|in|at|since|until|but|to|daily|so|"
            r"by|after|is|i)\b|\W*$)",
        ),
        (
            "sh.marks",
            "marks of cutting",
            r"(?:fresh|new|recent|superficial|multiple|linear|several|many|old|self-inflicted|unhealed|"
            r"deep) (?:\w+ )?"
            r"(?:cuts|wounds|scars|scratches|cutting|burns)(?: (?:on|to|of|along|from) (?:\w+ ){0,3}\w+)?",
        ),
        (
            "sh.other_means",
            "burning, hitting or scratching oneself",
            r"(?:burn(?:s|ed|t|ing)?|scratch(?:es|ed|ing)?|bit(?:e|es|ing)|hit(?:s|ting)?|punch(?:es|ed|"
            r"ing)?|bang(?:s|ed|ing)?|"
            r"injur(?:e|es|ed|ing)|hurt(?:s|ing)?|harm(?:s|ed|ing)?|starv(?:e|es|ed|ing)|punish(?:es|ed|"
            r"ing)?|"
            r"chok(?:e|es|ed|ing)) "
            r"(?:<self>|<own> (?:own )?(?:\w+ )?<part>(?! (?:on the (?:stove|oven|iron))))|"
            r"(?:hits|hitting|bangs?|banging|banged|bash\w*|smash\w*|knock\w*) <own> head(?: (?:on|against|"
            r"into) (?:\w+ )?\w+)?|(?:hit|hitting|hits) <own> head (?:against|on|into) (?:the |a )?(?:walls?|floor|table|desk|tiles)|"
            r"(?:hot iron|lighter|cigarettes?|matches|blade|razor) (?:to|on|against|into) <own> \w+|"
            r"punch(?:es|ed|ing)? (?:the )?walls? until|pinch(?:es|ed|ing)? <self>|bruis(?:e|es|ed|ing) <self>|"
            r"pull(?:s|ed|ing)? (?:out )?<own> (?:own )?hair(?: out)?|cigarettes? out on <own> \w+|pick\w* at <own> wounds|starv\w+ and cut\w*|"
            r"(?:i|he|she|they) (?:still |sometimes |often |also |only )?cuts?(?= (?:when|because|every|most|at night|to (?:feel|cope|calm|punish)|again)\b|\W*$)|"
            r"see(?:ing)? blood (?:sometimes|to|when)|what (?:he|she|i) (?:does|do|did) to (?:my|his|her) (?:arms?|legs?|skin|body|wrists?)|(?:dig(?:s|ging)?|dug) <own> (?:finger)?nails (?:in|into) (?:my |his |her )?\w+|(?:pick\w*|"
            r"scrap\w*|rub\w*|peel\w*) (?:at )?<own> (?:skin|arms?|scabs) (?:until|till|raw)\w*|(?:until|"
            r"till) (?:(?:it|they|i|he|she) (?:bleeds?|bled)|there is blood)|cut again|(?:have|has)(?:n'?t| not) cut(?= for| in|"
            r" since)|"
            r"(?:burns|bruises|bite marks|welts) (?:\w+ ){1,5}(?:that )?(?:she|he|i) (?:made|caused|did|"
            r"inflicted)(?: \w+){0,3}|(?:caus|inflict)\w* (?:pain|injury|wounds?) (?:to|on) <self>",
        ),
        (
            "sh.tools",
            "a blade kept for cutting",
            r"(?:razor|razor blades?|blades?|sharpener blade)(?: \w+){0,10} (?:need it|helps?|cut|calms?|"
            r"relief|arm|skin|in my (?:phone|drawer|bag))|"
            r"(?:keep|keeps|hid(?:e|es|ing)?|carr(?:y|ies)) (?:a |the |my )?(?:razor|blade)\w*",
        ),
    ],
)

_HARM = _rules(
    SignalKind.HARM_TO_OTHERS,
    Whose.SUBJECT,
    [
        (
            "ho.where",
            "watching for someone to hurt",
            r"(?:i|he|she) (?:\w+ )?(?:knows?|found out|worked out) (?:exactly )?where (?:he|"
            r"she|they|you) (?:lives?|parks?|works?|sleeps?|drinks?|walks?)|what i'?(?:m|"
            r" am) going to do to (?:him|her|them|you)|what i(?:'d| would) do to (?:him|"
            r"her|them)|(?:parked|sat|sitting|waiting|waited|stood) (?:\w+ ){0,2}?(?:outside|"
            r"across from|opposite) (?:his|her|their|my ex'?s) (?:\w+ )?(?:house|flat|"
            r"apartment|work|office|school|building|place|gym)",
        ),
        (
            "ho.hands",
            "hands on someone's throat, a baby shaken",
            r"(?:hands?|fingers) (?:\w+ )?(?:round|around|on) (?:his|her|their|the baby'?s) (?:neck|"
            r"throat)|(?:shook|shaken|shaking|shake) (?:the baby|her|him|my (?:son|baby|daughter|girl|boy))(?: (?:hard|so|too|again|until|till))?(?= "
            r"hard| so| too| again| until| till)|pillow (?:over|on|near) (?:his|her|the baby'?s|"
            r"my \w+'?s) (?:face|cot|crib)",
        ),
        (
            "ho.next_time",
            "violence announced",
            r"next time (?:\w+ ){0,8}?(?:won'?t|will not|nobody|no one|he'?ll|she'?ll|"
            r"they'?ll|i'?ll) (?:\w+ ){0,2}?(?:get up|walk|stop|be able|pull me off|miss|"
            r"hold back|be sorry|bleed)|put (?:him|her|them|someone|you) (?:in|into) (?:the |"
            r"a )?(?:hospital|ground|wheelchair|coffin|morgue|intensive care|a\W?e)",
        ),
        (
            "ho.named",
            "homicidal thoughts named",
            r"homicid(?:al|e)(?:ality)?(?: (?:ideation|thoughts?|intent|plans?))?|(?:(?<=no )|"
            r"(?<=denies )|(?<=si/)|(?<=si or )|(?<=si and ))hi",
        ),
        (
            "ho.intent",
            "words of hurting someone",
            r"(?:want(?:s|ed|ing)?|wan|going|gonna|will|\w+'ll|would|could|\w+'d|plan(?:s|ned|ning)?|"
            r"intend(?:s|ed)?|need(?:s|ed)?|urges?|"
            r"threat(?:s|en|ens|ened|ening)?|about|afraid|scared|try|tried|like|able|decided|swore|promised|"
            r"vowed)(?: \w+)? ?"
            r"(?:to |na |)(?:really |actually |just )?"
            r"(?:kill|hurt|harm|stab|shoot|strangle|murder|attack|poison|choke|smother|suffocate|injure|"
            r"punch|hit|beat(?: up)?|"
            r"shake|drown|burn) <person>(?! (?:feelings|party|at chess|in))",
        ),
        (
            "ho.thoughts",
            "thoughts of hurting someone",
            r"(?:thoughts?|thinks?|thinking|thought|dream(?:s|ing)?|fanta[sz]i\w+|imagin\w+|pictur(?:e|es|ed|"
            r"ing)|urges?|plan\w*|visions?|images?|picturing|feel like|"
            r"intention) (?:\w+ )?(?:about |of |on )?(?:killing|hurting|harming|stabbing|shooting|strangling|"
            r"murdering|attacking|"
            r"poisoning|choking|smothering|suffocating|beating|pushing|burning|"
            r"running over) (?!<self>)<person>",
        ),
        (
            "ho.revenge",
            "revenge planned",
            r"(?:gonna|gon na|going to|will|\w+'ll|ill|want(?:s|ed)? to|wanna|could|would|'d|swear to|plan(?:s|ning)? to) (?:\w+ )?"
            r"(?:smash|bash|cave|kick|break|snap|cut|slit|crush|beat|crack|split) (?:<person>'s|his|her|their|your|that \w+'s) (?:\w+ )?(?:skulls?|heads?|faces?|teeth|necks?|throats?|legs?|bones)(?: in| open| off)?|"
            r"(?:bought|got|get|getting|have|has|loaded|sharpen\w*|carr(?:y|ies|ying)) (?:a |the |my |his )?(?:gun|knife|rifle|machete|bat|axe|weapon)(?=.{0,60}\b(?:coming to (?:him|her|them)|pay|deserves?|his turn|regret|what (?:he|she|they) did)\b)|"
            r"(?:he|she|they) (?:knows?|will see|will get|gets?) what(?:'s| is)? coming(?: to (?:him|her|them))?|"
            r"(?:plan\w*|thinking about|think about|work(?:ing|ed) out|imagin\w+|pictur\w+) (?:\w+ )?(?:how|ways|when) (?:to |i(?:'d|'ll| would| will) )(?:kill|hurt|harm|stab|shoot|get back at|poison|attack|make) (?!<self>)(?:<person>|the \w+)|"
            r"sharpen\w* (?:a|the|my|his|her) (?:\w+ )?(?:knife|axe|blade|machete) for (?!<self>)<person>|"
            r"put(?:ting)? (?:a bullet|a knife|bullets) (?:in|into|through) (?!<self>)(?:<person>|the \w+)|"
            r"(?:deserves?|needs?|ought) to (?:get |be )?(?:shot|die|stabbed|killed|suffer|bleed)|next time (?:i|he|she)(?: will|'ll| would)? (?:won'?t|will not|not) stop|"
            r"make them all (?:pay|suffer|bleed)|want(?:s|ed)? (?!<self>)<person> (?:dead|to die)|"
            r"make (?:him|her|them|that \w+|every\w+|my \w+) (?:pay|suffer|bleed)|(?:burn|"
            r"blow) (?:\w+ )?(?:house|place|office|school|building|car) "
            r"(?:down|up)|shoot (?:up (?:\w+ )?(?:school|office|place)|every\w+)|(?:gun|rifle|knife|bat|"
            r"weapon)(?: \w+){0,6} for "
            r"(?:him|her|them|the (?:man|woman|people|guy|boss))|(?:waiting|wait|"
            r"waited) (?:\w+ )?outside (?:his|her|their) (?:house|work|home)|"
            r"follow(?:ing|ed) (?:him|her|them) home|"
            r"(?:bring|brought|bringing|take|took|carry|carrying) (?:a |my |the |his )?(?:\w+ )?(?:knife|gun|"
            r"weapon|rifle|machete|axe) (?:to|into|at) (?:school|work|class|the office|church)|"
            r"(?:they|he|she|every\w+) (?:will|are going to|is going to|'ll) (?:all )?(?:bleed|pay for|"
            r"regret it)|(?:hit|kill|death) list|get back at (?:him|her|them) (?:with|by)|beat (?:him|her|"
            r"them|my \w+) (?:to death|up)",
        ),
        (
            "ho.threat",
            "a threat or an attack",
            r"threat(?:en|ens|ened|ening) (?:to (?:kill|stab|shoot|hurt|attack|murder|beat|"
            r"burn)(?: (?!<self>)<person>)|"
            r"<person>(?: (?:with|and) (?:\w+ )*?(?:knife|hammer|gun|bat|weapon|axe))|staff)|"
            r"(?:stabb(?:ed|ing)|shot|murder(?:ed|ing)|strangled|killed|choked|smothered) (?!<self>)(?:a |"
            r"an |another |two )?<person>|"
            r"(?:stabbed|murdering|murdered|shot) (?:a|an|another|two) (?:\w+ )?(?:man|woman|person|boy|girl|"
            r"men|people)|"
            r"(?:punch(?:ed|es|ing)?|hit|hits|hitting|attack(?:ed|s|ing)?|assault(?:ed|s|ing)?|shov(?:ed|es|"
            r"ing)|push(?:ed|es)?|chok(?:es|ed|ing)) "
            r"(?!<self>|me\b|us\b)<person>(?: (?:in the (?:face|head)|down the stairs|with (?:\w+ )?\w+|last|"
            r"on (?:mon|tues|wednes|thurs|fri|satur|sun)day))|"
            r"broke (?:\w+ )+(?:jaw|nose|arm)|(?:been |is |has |be |are )violent(?: (?:to|toward|towards|"
            r"with) \w+)?|"
            r"i (?:have )?(?:hit|slapped|punched|kicked|choked|beat|shook) (?:(?:my|the|our|him|her|"
            r"them)(?! (?:\w+ )?(?:head|knee|elbow|toe|foot|thumb|finger|hand|arm|leg|shin|hip|back|shoulder|gym|brakes?|road|sack|wall|roof|ceiling|"
            r"books|target|goal|ball|snooze|button|limit|deadline|shelf|door|table|habit|addiction|record|odds|traffic|rug|ground)\b))(?: \w+)?|"
            r"(?:grabbed|held|seized|choked) (?!me\b|us\b)<person> by the (?:throat|neck)|hits? his (?:wife|"
            r"kids|son|daughter|girlfriend)|beat a (?:man|woman|boy|girl) so",
        ),
    ],
)

_PSYCHOSIS = _rules(
    SignalKind.PSYCHOSIS_OR_MANIA,
    Whose.SUBJECT,
    [
        (
            "pm.in_on_it",
            "everyone is part of it",
            r"(?:all|are|is|they'?re|he'?s|she'?s|everyone'?s|must be|were) in on it|"
            r"(?:they|he|she|it|people) (?:can |could )?(?:hear|see|read|know)s? (?:what'?s in my head|"
            r"everything i think|my every thought|inside my head)|(?:swapped|switched|"
            r"replaced) (?:my|his|her|the) (?:wife|husband|mother|father|son|daughter|"
            r"dog|cat|keys|tablets|mum|mom|parents|family)",
        ),
        (
            "pm.no_bed",
            "not been to bed for days",
            r"(?:has(?:n'?t| not)|have(?:n'?t| not)|not|never) been to bed(?: \w+)? (?:since|"
            r"in|for)|(?:no sleep|not slept|hasn'?t slept|haven'?t slept|without sleep|"
            r"on no sleep|up|awake)(?: at all)? since (?:mon|tues|wednes|thurs|fri|satur|"
            r"sun|last|the|three|four)\w*|(?:don'?t|doesn'?t|didn'?t|does not|do not) (?:\w+ )?need (?:to )?sleep",
        ),
        (
            "pm.signals",
            "signals from things, or a home guarded against them",
            r"(?:signals?|codes?|coded|messages?|transmissions?|frequenc(?:y|ies)|beams?|"
            r"rays)(?: \w+){0,4} (?:through|from|in|via|hidden in) (?:the |my |his |her )?(?:\w+ )?(?:radiators?|"
            r"pipes|lights?|tv|television|adverts?|number plates|licen[cs]e plates|router|"
            r"fridge|walls?|teeth|fillings|newsreader|weather|songs?|ceiling|meter|boiler|"
            r"heating|vents?)|foil (?:\w+ ){0,3}(?:windows?|walls?|head|hat|over|on)|"
            r"(?:taped|covered|wrapped|blocked) (?:up )?(?:\w+ ){0,3}(?:sockets?|vents?|"
            r"webcam|mirrors?|letter ?box|smoke (?:alarm|detector)|router)",
        ),
        (
            "pm.voices",
            "hearing voices",
            r"hear(?:s|ing|d)? (?:\w+ )?(?:voices?(?! (?:in the (?:office|corridor|street)|through|from the|"
            r"message))|people talking)"
            r"(?: \w+){0,3}|(?:the |these |those |my |loud )?voices? (?:\w+ )?(?:tell|tells|telling|told|say|"
            r"says|saying|said|command\w*|whisper\w*|"
            r"want|wants|order\w*|talk\w*|speak\w*|scream\w*|are back|won'?t stop)|voices in (?:my|his|her|"
            r"their) head|voice (?:is real|(?:\w+ ){1,5}(?:tells?|says|orders?|commands?|wants?) (?:me|him|her)(?: \w+)?)|"
            r"(?:demons?|spirits?|angels?|shadows?|satan|the devil) (?:\w+ )?(?:whisper|tell|speak|talk|say|"
            r"order|command)\w*|"
            r"(?:talks?|talking|answers?|answering|respond\w*|laughs?|laughing|mutter\w*|"
            r"argues?) (?:out loud )?(?:to|with) (?:himself|herself|someone|people|things|somebody|"
            r"voices)? ?(?:who|that|which)? ?(?:is|are)(?:n'?t| not) there|(?:laughs?|laughing|talks?|"
            r"talking|mutter\w*) to (?:himself|herself)|answers people who are not there|"
            r"responding to internal stimuli|hearing (?:him|her|them|it) (?:give|giving|say|saying|speak|"
            r"tell)\w*",
        ),
        (
            "pm.hallucination",
            "seeing or hearing what others do not",
            r"hallucinat\w+|see(?:s|ing)? (?:things|shadow people|shadows|people|faces|demons)(?: (?:that|"
            r"who|which|standing|nobody|no one|others|in)"
            r"(?: \w+){0,4})?(?<!things differently)|"
            r"hear(?:s|ing)? (?:a|some|two|the) (?:\w+ )?(?:man|woman|men|women|someone|person|child|voice|angel|demon)s? (?:\w+ )?(?:comment\w*|talk\w* (?:to|about) (?:me|him|her)|tell\w*|whisper\w*|order\w*|say\w* (?:my|bad|awful)|laugh\w* at)|"
            r"see(?:s|ing)? (?:my|his|her) dead \w+(?: (?:in the|at the|standing|on the) \w+)",
        ),
        (
            "pm.psychosis",
            "psychosis named",
            r"psychosis|psychotic(?:ally)?|schizo\w+|delusion(?:s|al)?|thought disorder\w*|paranoi(?:a|"
            r"d)(?! about)",
        ),
        (
            "pm.mania",
            "signs of mania",
            r"(?:hypo)?mani(?:a|c)(?: (?:episodes?|symptoms?|phase|state|again|on|and))?|pressured speech|"
            r"grandios\w+|flight of ideas|"
            r"(?:decreased|reduced|less|no|little) need (?:for|to) sleep|(?:do(?:n'?t|es(?:n'?t| not)| not)|"
            r"without) need(?:ing)? (?:any |to |much )?sleep|"
            r"(?:have(?:n'?t| not)|has(?:n'?t| not)|not|hardly|without|no) (?:really )?(?:slept|sleep|"
            r"sleeping)(?: \w+)? (?:in|for) (?:\w+ )?<number> (?:days|nights)|"
            r"slept (?:\w+ )?(?:\d+|\w+) hours in <number> (?:days|nights)|"
            r"<number> (?:days|nights) (?:\w+ )?without (?:any |much )?(?:sleep|sleeping)|(?:has(?:n'?t| not)|have(?:n'?t| not)|had(?:n'?t| not)) slept since (?:mon|tues|wednes|thurs|fri|satur|sun)day|"
            r"(?:up|awake) (?:for )?<number> (?:days|nights)|(?:spent|spending|blew|spends) (?:all )?(?:my|"
            r"his|her|their|thousands)(?: \w+)? ?"
            r"(?:savings|thousands|money|without)? (?:in a (?:week|day)|on (?:\w+ ){0,3}|without pause)|"
            r"bought (?:two|three|four|five|\d+) (?:cars|houses)|"
            r"thoughts are racing (?:so|and)|talk(?:s|ing)? (?:nonstop|non-stop|without pause)|"
            r"talk(?:s|ed|ing) (?:for )?(?:<number>|a few) (?:days|nights)(?: straight| without \w+)?|"
            r"slee(?:ps|ping|p|pt) (?:only |just |about )?(?:an|one|two|three|1|2|3) hours? (?:a|per|each|"
            r"every) night(?= and (?:i |she |he )?(?:feel|am|is|have|has|full))|sleeps two hours and|"
            r"catatoni\w+|disorgani[sz]ed (?:speech|behaviou?r|thinking)",
        ),
    ],
) + _rules(
    SignalKind.PSYCHOSIS_OR_MANIA,
    Whose.BELIEVER,
    [
        (
            "pm.unshared",
            "seeing, hearing or feeling what nobody else does",
            r"(?:(?:that|which|who|what) )?(?:nobody|no one|no-one) else (?:can |could |is able to )?(?:see|hear|sees|hears|saw|heard|smells?|notices)|"
            r"(?:that|which|who|what) (?:others|other people) (?:can'?t|cannot|can not|do(?:n'?t| not)) (?:see|hear)|"
            r"(?:bugs|insects|worms|ants|spiders|something) (?:\w+ )?crawling (?:\w+ )?(?:under|in|inside) (?:my|his|her) \w+",
        ),
        (
            "pm.persecution",
            "a belief of being persecuted",
            r"(?:spying on|following|watching|tracking|recording|bugging|poisoning|out to get|filming|"
            r"monitoring|plotting against|conspiring against) "
            r"(?:me|him|her|us|my every|his|my (?:water|food|house|phone|calls)|her (?:water|food))(?: \w+)?|"
            r"being (?:followed|watched|poisoned|spied on|monitored)|"
            r"(?:chip|device|microphone|camera|transmitter|implant)s? (?:in|into|inside) (?:my|his|her|"
            r"the) (?:\w+ )?(?:tooth|teeth|head|brain|body|arm|ear|walls?|skull)|"
            r"poison(?:ed|ing|s)? (?:his|her|my|their|the|me\b)(?: (?:food|water|coffee|well|meals))?|"
            r"(?:food|water|tap) is (?:being )?poisoned|"
            r"(?:is|was|are|has become) (?:really )?(?:an? )?(?:impostor|imposter|double|clone|robot)s?|"
            r"replaced (?:by|with) (?:an? )?(?:impostors?|imposters?|robots?|doubles?|actors?)|"
            r"bugged (?:my|his|her|the) \w+|(?:fbi|cia|government|police|mafia|aliens?|neighbou?rs|cameras?|"
            r"satellites?) (?:is|are|was|were|has|have|put|keeps?|been)(?: been)? (?:\w+ )?(?:watch|follow|"
            r"listen|track|spy|after|record|monitor|control|film)\w*(?: (?:me|him|her|us|on me|through))*|"
            r"(?:they|people|every\w+) (?:are|is|'re) (?:all )?(?:after me|out to get|listening to (?:my|me)|"
            r"trying to (?:poison|kill|get) me)|mind control|listening devices?|"
            r"<works> (?:\w+ )?(?:listens?|spy|spies|track|tracks|monitors?|eavesdrops?) (?:\w+ )?(?:through|in on|on|inside) (?:me|us|him|her|my \w+|his \w+|her \w+|the (?:sockets?|walls?|pipes|lights?|vents?|phone|tv|television|router|ceiling|windows))|"
            r"(?:cameras?|microphones?|bugs) (?:hidden )?in (?:the |my |his |her |every )?(?:\w+ )?(?:sockets?|walls?|lamps?|lights?|smoke alarm|vents?|tv|television)",
        ),
        (
            "pm.thought_control",
            "thoughts controlled, inserted or read",
            r"(?:insert(?:s|ing|ed)?|plant(?:s|ing|ed)?|put(?:s|ting)?|steal(?:s|ing)?|broadcast\w*|"
            r"control(?:s|ling|led)?|read(?:s|ing)?|record(?:s|ing)?) "
            r"(?:\w+ )?(?:thoughts|my mind|minds|what i think|my brain|his mind|her mind|mine)(?: (?:in|into|"
            r"with|out)(?: \w+){0,3})?",
        ),
        (
            "pm.messages",
            "messages or a mission meant for oneself",
            r"(?:tv|television|radio|news|internet|signs|billboards|songs) (?:is |are |keeps? |"
            r"has been )?(?:send\w*|speak\w*|talk\w*|giv\w*|broadcast\w*) "
            r"(?:\w+ ){0,4}?(?:me|messages|him|her)|messages? meant (?:only )?for (?:me|him|her)|"
            r"god (?:has |had )?(?:chosen|chose|told|tells|commands?|ordered|speaks to|"
            r"is telling)(?: \w+){0,3}|"
            r"(?:i am|i'm|he is|she is|believes (?:he|she) is) (?:the |a )?(?:messiah|prophet|messenger|"
            r"jesus|god|chosen one|christ|king of)|"
            r"(?:child|son|daughter|mother|bride) of (?:god|satan|the devil)|thoughts are(?: not|n'?t) (?:my|his|her) own|"
            r"hears? (?:my|his|her) thoughts|(?:swapped|exchanged|switched) (?:for|with|by) (?:a|an) (?:copy|double|clone|actor|robot|stranger)|"
            r"reads? what (?:i'?m|i am|i|he is|he's|he|she is|she's|she) think(?:s|ing)?|(?:rays|signals|waves|gas|radiation|beams) (?:\w+ )?(?:through|into|at) (?:the |my |his |her |them|me|him)\w*|"
            r"(?:god|jesus|the lord|allah|an angel|the universe) (?:has |had )?(?:picked|selected|appointed|sent|instructed|commanded) (?:me|him|her) (?:to|for)|"
            r"<works>(?: \w+){0,4} talks? about (?:me|him|her) (?:by name|on air|every)|"
            r"(?:send(?:s|ing)?|sent|giv(?:e|es|ing)|leav(?:e|es|ing)) (?:me|him|her) (?:\w+ )?(?:signs|secret \w+|coded \w+|hidden messages)|"
            r"<works>(?: \w+){0,3} knows? (?:exactly )?what (?:i|i'?m|i am|he|he is|he's|she|she is|she's) think(?:s|ing)?|"
            r"(?:can|could|able to) (?:heal|control|read|cure|save) (?:\w+ )?(?:people|minds|strangers|the (?:weather|future|world|sick)|thoughts|every\w+)(?: by \w+)?|"
            r"(?:the|am a|a) chosen one|(?:special|divine|secret) (?:mission|powers)|invincible|(?:can|"
            r"could) (?:read minds|control the weather|fly)",
        ),
    ],
)

_ABUSE = _rules(
    SignalKind.ABUSE_OR_SAFEGUARDING,
    Whose.VICTIM,
    [
        (
            "ab.belt",
            "beaten with a thing",
            # somebody walks with a cane and draws with a ruler
            r"(?:(?<!walk )(?<!walks )(?<!walked )(?<!walking )with|uses|used|using|feel|felt|get|gets|got|of) "
            r"(?:(?:the|his|her) (?:cane|ruler)|(?:the|a|his|her) (?:belt|slipper|wooden spoon|cord|hose|"
            r"extension lead|strap|buckle))(?! (?:loop|bag|size|hole|clip|and braces))",
        ),
        (
            "ab.not_tell",
            "told to keep it secret",
            r"(?:told|tells|says|said|made|makes|asked|asks|warned|begged) (?:me|her|"
            r"him|us|them) (?:\w+ ){0,2}?not to (?:tell|say|mention)|our (?:little )?secret|"
            r"(?:promise|promised) not to tell|(?:if i|if she|if he) tells?(?: \w+){0,3} (?:he|"
            r"she|they)(?:'ll| will|'d| would)",
        ),
        (
            "ab.sleep_out",
            "shut out, or hiding behind a door",
            r"(?:sleep|sleeps|sleeping|slept|eat|eats|made to stand|stand) (?:\w+ ){0,2}?(?:in|"
            r"on|out) (?:the |a )?(?:bath|bathtub|shed|garage|laundry room|porch|back porch|"
            r"cupboard|closet|yard|hallway floor|car)(?: \w+){0,6} (?:because|when|if|"
            r"so|until|till|since|punish\w*)|chair (?:\w+ )?(?:under|against) (?:the |"
            r"my |her )?(?:door|handle|doorknob)|lock(?:s|ed|ing)? (?:\w+ )?(?:door|bedroom|"
            r"bathroom) (?:\w+ ){0,3}(?:when he|when she|because he|because she|until he)",
        ),
        (
            "ab.marks",
            "marks on another, or flinching",
            r"(?:bruis\w+|finger ?marks|handprint|black eye|split lip|burn marks?|cigarette burns?|"
            r"welts?|marks) (?:\w+ ){0,3}?(?:on|round|around|along|down|across|up) (?:her|"
            r"his|my|the child'?s|the baby'?s|both) (?:\w+ )?(?:neck|throat|arms?|wrists?|"
            r"back|legs?|ribs?|thighs?|cheek|jaw|face|ear|eye|bottom|calves)|(?:flinch\w*|"
            r"cower\w*) (?:\w+ ){0,3}?(?:when|"
            r"if|whenever|as soon as) (?:he|she|her|his|my|anyone|somebody|the door|i)",
        ),
        (
            "ab.violence",
            "violence at home",
            r"(?<!car )(?<!truck )(?<!van )(?<!bus )(?<!lorry )(?<!bike )(?<!ball )(?<!train )(?<!cyclist )(?<!wave )"
            r"(?:hit|hits|hitting|beat|beats|beating|beaten|slap|slaps|slapped|slapping|punch(?:es|ed|ing)?|"
            r"kick(?:s|ed|ing)?|chok(?:e|es|ed|ing)|"
            r"strangl(?:e|es|ed|ing)|shov(?:e|es|ed|ing)|push(?:es|ed|ing)|hurt|hurts|hurting|threw|"
            r"throws|slamm(?:ed|s)|burn(?:s|ed)|whip(?:s|ped)?|"
            r"throws? things at|attack(?:s|ed|ing)?) (?:me(?! (?:hard|like|that|when the|how|into|at chess|"
            r"at (?:chess|tennis|cards|games)))|us|"
            r"(?:my|our|the|her|his|their) (?:\w+ )?(?:kids?|children|child|son|daughter|boy|girl|baby|mom|"
            r"mum|mother|toddler)|her|him)"
            r"(?!self| self)(?: (?:around|when|with|and|until|during|if|since|because|every|last|again|in|"
            r"at night|on|so|to|after)|(?=\W|$))|"
            r"(?:grab(?:s|bed)?|drag(?:s|ged)?|held|holds|pinn?(?:s|ed)?|slamm(?:ed|s)?) me (?:by|down|"
            r"against|into)|bruises (?:where|because|after|from) (?:\w+ )?(?:he|she|they|dad|mom|mum|my \w+)|"
            r"(?:he|she|they|who|dad|mom|mum|husband|partner|wife|boyfriend|girlfriend|father|"
            r"mother) (?:\w+ ){0,2}(?:beat|beats|hits|hurts) (?:me|us|her|them)|stalk(?:s|ed|ing)(?: (?:me|"
            r"her|and))?|elder abuse|coercive(?: control)?|(?:gets?|got|takes?|took) (?:the|his|her|a) (?:belt|stick|cane|slipper|whip) (?:out|off|to (?:me|us))|"
            r"hands? (?:a?round|on|over) my (?:neck|throat|mouth)|husbands beat them",
        ),
        (
            "ab.broken",
            "injured by another",
            r"(?:he|she|they|who|husband|partner|wife|boyfriend|girlfriend|father|mother|dad|mom|mum) broke (?:my|her|his) (?:arm|nose|jaw|rib|ribs|wrist|finger)|cut me with",
        ),
        (
            "ab.sexual",
            "sexual violence",
            r"rap(?:e|ed|es|ing|ist)|sexual(?:ly)? (?:\w+ )?(?:assault\w*|abus\w*|exploit\w*|harass\w*|"
            r"violence)|molest\w*|grop(?:ed|es|ing)|"
            r"touch(?:es|ed|ing) me(?: (?:when|at|in|where|down|there|without|inappropriately|under|and))|"
            r"(?:forces?|forced|forcing|makes?|made|coerc\w+) (?:me|her|him) (?:to |"
            r"into )?(?:\w+ )?(?:have sex|sex|undress|touch|do things)|"
            r"did(?:n'?t| not) stop when i (?:asked|told|said|begged)(?: \w+){0,3}|would(?:n'?t| not) stop when i (?:asked|told|said|begged)|"
            r"said no (?:and|but) (?:\w+ ){0,2}(?:he|she|they) (?:\w+ ){0,3}(?:anyway|carried on|kept going|did(?:n'?t| not) stop|would(?:n'?t| not) stop|did it)|"
            r"(?:he|she|they|who|uncle|father|dad|step\w+|brother|teacher|coach|boss) (?:never |kept |keeps |would not |wouldn'?t |did not |didn'?t )(?:stop(?:ped)? )?touching (?:me|her|him)|"
            r"hands? up my (?:skirt|shirt)|comes? into my (?:bed|room) (?:at night|when)|"
            r"(?:send|sends|sent|asks?|asked|wants?|demands?|shares?|shared|posted|leaked) (?:me |for |"
            r"my )?(?:\w+ )?(?:naked|nudes?|sexual) ?(?:pictures|photos|images|videos|texts|messages)?|"
            r"touch\w* (?:me |her |him )?inappropriately|inappropriate(?:ly)? touch\w*",
        ),
        (
            "ab.named",
            "abuse or neglect named",
            r"(?<!drug )(?<!alcohol )(?<!substance )(?<!opioid )abus(?:e|ed|es|ive|ing|"
            r"er)(?! (?:of )?(?:alcohol|drugs|substances|pills))|"
            r"domestic (?:violence|abuse)|intimate partner violence|ipv|trafficked|"
            r"(?:child |elder |concerns? (?:about|of) |abuse (?:or|and) |suspected |signs of )neglect|"
            r"neglect(?:ed)? (?:at home|by)|safeguarding(?: \w+)?|"
            r"unexplained (?:bruis\w+|injur\w+|marks)",
        ),
        (
            "ab.fear",
            "fear of someone at home",
            r"(?:afraid|scared|frightened|terrified) (?:to go (?:back )?home|of (?:him|my (?:husband|wife|"
            r"partner|boyfriend|girlfriend|dad|father|"
            r"step\w+|mother|mom|mum|ex|uncle|brother|son))|to be (?:at home|alone with))|(?:not|do(?:n'?t|"
            r" not)) feel safe (?:at home|with|around)|"
            r"(?:afraid|scared|frightened|terrified|fears?) (?:of )?(?:her|his) (?:husband|wife|partner|"
            r"boyfriend|girlfriend|father|mother|step\w+|ex|son|uncle|brother)|(?:feel|feels|am|"
            r"is) unsafe (?:at home|with|around)",
        ),
        (
            "ab.control",
            "control or threats by someone close",
            r"lock(?:s|ed)? (?:me|her|him) (?:in|up|out)(?: \w+){0,2}|(?:takes?|took|"
            r"smash\w*) my phone(?: away)?|not allowed (?:to|out)"
            r"(?: (?:leave|see|go|have|speak|use)(?: \w+){0,4})?|"
            r"(?:won'?t|does(?:n'?t| not)|never) (?:let|lets|allow) (?:me|her|him) (?:leave|go out|see|out|"
            r"have)|(?:checks|goes through|monitors|tracks) (?:my|her) (?:phone|messages|location|every)|(?:decides|controls) (?:when|what|if|whether|who|where) (?:i|she|he) (?:eats?|sleeps?|wears?|goes|go|sees?|talks?|leaves?)|control(?:s|led)? my (?:money|phone|every|life|clothes)|"
            r"threat(?:s|en|ens|ened|ening) (?:to (?:post|share|leak|publish) (?:\w+ ){0,2}\w+|to (?:kill|hurt|beat|stab|shoot|harm) (?:me|us|her|him|"
            r"the kids)|me|to take the (?:kids|children))"
            r"(?: if (?:she|he|i) (?:leaves?|tells?|goes?|left))?|(?:takes|took|steals) my (?:pension|wages|"
            r"benefits|money)|frightens me",
        ),
        (
            "ab.care",
            "a dependent person left without care",
            r"(?:bed ?sores|pressure sores)(?: [\w,]+){0,8} (?:not|won'?t|refus\w+)|(?:not|won'?t|refus\w+) (?:to )?(?:let|allow) the (?:nurse|doctor|carers?|social worker)(?: \w+){0,2}|"
            r"(?:there(?:'s| is)|theres|have|has|had|got) (?:nothing|no food) (?:to eat|in the (?:fridge|house))|"
            r"(?:left|leav(?:e|es|ing)) (?:\w+ ){0,4}?(?:without food|alone (?:at night|for days|all night)|"
            r"unattended|in (?:\w+ )?(?:own|soiled) \w+)(?: without food)?|"
            r"(?:go|goes|going|went) hungry|keep it (?:a )?secret",
        ),
    ],
)

_SUBSTANCE = _rules(
    SignalKind.SUBSTANCE_CRISIS,
    Whose.SUBJECT,
    [
        (
            "su.in_cup",
            "drink hidden",
            r"(?:vodka|gin|rum|whisk\w+|brandy|wine|scotch|bourbon) (?:\w+ ){0,2}?in (?:my|"
            r"his|her|the|a|every) (?:\w+ )?(?:coffee|tea|mug|flask|bottle|handbag|desk|"
            r"drawer|glove\w*|locker|cistern|toilet|wardrobe|garage|bag|thermos|cup|school bag|"
            r"airing cupboard|shed|laundry)|(?:bottles?|empties|cans) (?:\w+ ){0,2}?(?:hidden|"
            r"hid|stashed|behind|under|in) (?:the |my |his |her )?(?:\w+ )?(?:wardrobe|"
            r"bed|sink|sofa|cistern|loft|garage|laundry|boots?|cupboard|bath|mattress)",
        ),
        (
            "su.blue",
            "found blue or unconscious",
            r"(?:lips|face|fingers) (?:were|was|went|had gone|had turned|turned|gone|"
            r"going) (?:\w+ )?(?:blue|grey|gray)|(?:turned|went|gone|going) blue|not breathing|"
            r"stopped breathing(?! for a second)|(?:slumped|passed out|collapsed|out cold|"
            r"unconscious|unresponsive|wouldn'?t wake) (?:\w+ ){0,4}(?:toilet|bathroom|"
            r"bath|bottle|needle|floor|car|wheel|sofa)",
        ),
        (
            "su.overdose",
            "a drug overdose",
            r"overdos(?:e|ed|es|ing)(?: \w+)?(?= (?:on|of) <drug>)(?: \w+){2}|<drug> overdose|"
            r"narcan|(?:brought|given|needed|got) (?:\w+ ){0,2}naloxone|(?:hospital|emergency|er|"
            r"icu) (?:\w+ ){0,2}after (?:\w+ ){0,3}<drug>",
        ),
        (
            "su.withdrawal",
            "withdrawal",
            r"(?:<not> |not |no |without )?(?:\w+ )?(?:inject\w*|heroin|methadone|fentanyl|opioids?|opiates?|benzos?|xanax|valium|lorazepam|diazepam|alcohol|drunk|drank|drink)(?:[,;]? \w+){0,8},? (?:shak(?:ing|y|es)|sweating|trembling|vomiting|hallucinating|seizing)|"
            r"withdrawals?(?: (?:symptoms?|seizures?))?|delirium tremens|dts|(?:stop|without) (?:drinking|"
            r"a drink|alcohol|using)(?: \w+){0,3} "
            r"(?:shak\w+|sweat\w+|seizures?|sick|trembl\w*|vomit\w*)|(?:shak\w+|"
            r"trembl\w+)(?: \w+){0,5} (?:drink|whisk\w+|vodka|drinking)|"
            r"(?:drink|whisk\w+|vodka|alcohol|beer)(?: \w+){0,6} (?:shak\w+|trembl\w+)|sick without (?:it|"
            r"using|them)",
        ),
        (
            "su.heavy_drinking",
            "dangerous drinking",
            r"(?:bottles?|handles?|fifth|pints?|lit(?:er|re)s?|"
            r"case) (?:of \w+ )?(?:of )?(?:<spirit> )?(?:before noon|every (?:day|night|morning)|each (?:day|"
            r"night)|"
            r"a (?:day|night)|per (?:day|night)|daily)|(?:bottle|fifth|handle|lit(?:er|"
            r"re)) of <spirit>(?: \w+){0,4}|"
            r"drink(?:s|ing)? (?:\w+ ){0,2}?(?:until|till) (?:\w+ ){0,2}(?:vomit\w*|pass\w*|black\w*|"
            r"collaps\w*|forget)|"
            r"(?:bottles?|half a bottle|bottle and a half|litres?|liters?|six-?packs?) (?:\w+ ){0,3}?of <spirit> (?:every|each|per|a) (?:day|night|evening|morning)|"
            r"(?:(?:can'?t|cannot|can not|couldn'?t|never) )?(?:get|got|getting) through (?:a|the|my) (?:\w+ )?without (?:\w+ )?(?:<drug>|drinking|a drink|using|<spirit>)|"
            r"(?:woke|wake|waking|came to) (?:\w+ )?on the (?:\w+ )?floor (?:\w+ )?(?:with )?no (?:idea|memory)(?: [\w']+){0,5}|"
            r"(?:stopped|came off|ran out of|coming off) (?:my|his|her|the) (?:<drug>|drinking)(?: \w+){0,8} (?:seizures?|fits?|delirious|shaking)|"
            r"(?:use|using|uses|used|inject\w*) alone|"
            r"needs? (?:a |some |my )?(?:\w+ ){0,3}?(?:drink|<spirit>) (?:\w+ ){0,2}?(?:to (?:stop|get|sleep|function|steady|face|work)|in the morning|first thing)|"
            r"(?:drink|drinks|drank|drinking) (?:\w+ )?(?:hand sanitis?z?er|mouthwash|aftershave|perfume|methylated)|"
            r"(?:seizures?|had a fit|fits) (?:\w+ ){0,4}(?:after|since|when) (?:\w+ ){0,3}(?:stopp\w+|quit\w*|ran out|came off|coming off)(?: \w+){0,2}|"
            r"drinking (?:has got|has gotten|is|got|gets) (?:\w+ )?out of (?:control|hand)|(?:can'?t|cannot|"
            r"could(?:n'?t| not)|unable to) (?:stop|control) "
            r"(?:my )?(?:drinking|using)|drunk again|still drink(?:ing)?|black(?:ed|ing|s)? out|"
            r"(?:drove|driving|drive|drives) (?:\w+ )?(?:drunk|high|after (?:drinking|taking))|"
            r"drink(?:ing)? (?:\w+ ){0,3}(?:before noon|in the morning|every morning)|"
            r"drink(?:s|ing)? (?:since|from) (?:i |the moment i )?(?:woke|wake|waking|morning|dawn|"
            r"breakfast)(?: \w+){0,2}|(?:drunk|wasted|hammered) (?:every (?:day|night)|most (?:days|nights)|"
            r"all day)",
        ),
        (
            "su.drug_use",
            "dangerous drug use",
            r"(?:us(?:e|es|ed|ing)|took|tak(?:e|es|ing)|on|smok(?:e|es|ed|ing)|snort(?:s|ed|ing)?|inject(?:s|"
            r"ed|ing)?|shoot(?:s|ing)?|shot|"
            r"addicted to|hooked on|dependent on|mix(?:es|ed|ing)?|relaps(?:e|ed|ing) (?:on|to|into)|high on|"
            r"stole|steal(?:s|ing)?|buying|day without|abus(?:e|es|ed|ing)) "
            r"(?:[\w']+ ){0,3}?<drug>(?! (?:as|for|that|this|prescribed|the|after|every morning|"
            r"and they))(?: \w+){0,3}|"
            r"shoot(?:ing)? up(?! (?:the|a|his|her|their|my)\b)|inject(?:s|ing|ed)? (?:\w+ )?(?:in|"
            r"into) (?:my|his|her) \w+|"
            r"(?:until|till|and|then) (?:i |he |she )?(?:black|pass)(?:ed|es|ing)? out|passed out from|"
            r"(?:taking|takes?|took|using|uses|needs?|swallow\w*) (?:\w+ )?(?:more|extra|too many|too much) (?:of )?(?:\w+ )?<drug>|more <drug>(?: \w+)? than|"
            r"(?:buy|buys|buying|bought|get|gets|getting) (?:\w+ ){0,2}<drug> (?:off|from) (?:a|the|my|some|people|someone|friends|online|dealers?)(?: \w+)?|"
            r"(?:triple|double|twice) (?:my|the|his|her) (?:\w+ )?dose|"
            r"needle (?:in|still in) (?:my|his|her) (?:arm|leg|neck)|found unconscious|(?:liver|"
            r"kidneys) (?:is|are) failing|(?:drinking|alcohol|using|drugs|addiction) (?:is|are) (?:killing|"
            r"ruining|destroying) (?:me|him|her|us)|my dealer|cold turkey|(?:iv|intravenous) drug\w*|"
            r"detox(?:ing)?|\w+ oxy a day|drug use",
        ),
        (
            "su.relapse",
            "a relapse",
            r"relaps(?:e|ed|es|ing)(?! prevention)(?: (?:on|into|to) \w+)?|(?:started|start|starting|been|"
            r"back to) (?:using|drinking) again|using again|"
            r"(?:fell|fallen) off the wagon",
        ),
        (
            "su.named",
            "substance misuse named",
            r"(?:substance|drug|alcohol|opioid|opiate|cocaine) (?:mis-?use|abuse|use disorder|dependence|"
            r"dependency|addiction)|"
            r"(?:drink|use|using|used|take|takes|do|does|on) (?:or use )?(?:street |illegal |hard |"
            r"recreational )?drugs|"
            r"(?:got|been|get|getting|became|years|months|days) (?:sober|clean)(?! about| and tidy| shaven)(?: (?:in|since|for|now))?|"
            r"alcoholic",
        ),
    ],
)

RULES: tuple[Rule, ...] = (*_IDEATION, *_PLAN, *_SELF_HARM, *_HARM, *_PSYCHOSIS, *_ABUSE, *_SUBSTANCE)

# Everyday phrases that a rule above would otherwise take for risk; a find that lies in one is an idiom.
IDIOMS: tuple[re.Pattern[str], ...] = tuple(
    _compiled(pattern)
    for pattern in (
        r"(?:career|political|social|commercial|professional|financial) suicide(?: \w+){0,3}",
        r"suicide (?:prevention|hotline|helpline|squad|awareness)(?: \w+)?",
        r"dying (?:to|for|of (?:boredom|laughter|embarrassment|curiosity|heat|cold|hunger|thirst)|"
        r"laughing)(?: \w+)?",
        r"(?:die|died|dies|dead) (?:of|from|with) (?:embarrassment|laughter|boredom|shame|joy|curiosity|"
        r"laughing)",
        r"(?:my|his|her|our|the|your) (?:\w+ )?(?:\w+ )?(?:will|would|is going to|are going to|'ll|gonna|"
        r"might) "
        r"(?:kill|murder|strangle|slaughter) (?:me|us) (?:if|over|when|for|about)",
        r"(?:could|would|'d) (?:just )?(?:kill|murder|strangle) for (?:a|an|some)",
        r"(?:could|would) have (?:killed|strangled|murdered) (?:him|her|them)(?= when he forgot|"
        r" when she forgot|.{0,60}laugh)",
        r"(?:'d|would|could) (?:like to )?wring (?:his|her|their) neck",
        r"killed (?:it|the other team|the competition|time)|kill (?:it at|time|two birds)",
        r"(?:i'd|i would|i could) (?:rather )?(?:shoot|kill|hang) myself (?:if|before|than|"
        r"rather than) (?:\w+ ){0,4}"
        r"(?:sit|watch|listen|eat|attend|meeting|that|another)(?=.{0,60}(?:ha ha|haha|lol|joking|joked))",
        r"overdos(?:e|ed|ing) on (?:chocolate|coffee|sugar|cake|candy|sweets|christmas|tv|television|"
        r"cheese|caffeine|sushi|ice cream)",
        r"jump(?:ed)? (?:off a cliff )?(?:with|for) joy|jumped off a cliff with joy",
        r"(?:cut|nick|nicked|hurt|burned|burnt|injured) (?:myself|himself|herself|themselves|(?:my|"
        r"his|her) \w+) "
        r"(?:while |when |by )?(?:\w+ )?(?:shaving|cooking|on (?:the|a|my|some) (?:\w+ )?(?:oven|stove|"
        r"pan|iron|kettle|paper|knife|glass|can|tin|toaster|"
        r"grill|hob|fence)|chopping|slicing|making|running|at (?:the gym|work|practice|football)|ironing|"
        r"gardening|playing|skiing|training|lifting)",
        r"cut (?:myself|himself|herself|themselves) (?:some slack|a (?:slice|piece|deal|bit of slack)|"
        r"off from|loose|short|out)",
        r"(?:beat|beating|beats|kick|kicking|kicks) (?:myself|himself|herself|"
        r"themselves)(?: up)?(?: (?:over|about|for))?",
        r"hurt (?:my|his|her|their) feelings",
        r"(?:beat|beats|beating) (?:me|us) (?:into shape|at \w+|in \w+|to it)|hit (?:me|us) (?:hard|that|"
        r"how|like|when the|out of nowhere)",
        r"(?:kids|children|twins|week|day|work|holidays|schedule|monday|office|"
        r"shop)(?: \w+){0,3} manic(?: \w+)?|manic (?:monday|week|day|weekend|schedule|pace)",
        r"(?:my|his|her) (?:mother|mom|mum|dad|father|gran|grandmother|coach|teacher)'s voice(?: \w+){0,6}",
        r"(?:addicted|hooked) (?:to|on) (?:that|this|the) (?:show|series|game|song|podcast)|high on life",
        r"withdrawals?(?= (?:when|if|without|from) (?:my |the )?(?:\w+ )?(?:phone|coffee|wifi|internet|"
        r"show|sugar|caffeine|game))|"
        r"(?:cash|bank|account|social) withdrawals?",
        r"neighbou?rs?'? voices?(?: \w+){0,5}",
        r"(?:hit|bumped|knocked) (?:my|his|her) (?:head|knee|elbow) on (?:the|a) (?:shelf|door|cupboard|ceiling|car|boot|beam|branch|ice|pavement)",
        r"check(?:ing|ed)? out early (?:from|of) (?:the|our|my) (?:hotel|room|motel|hostel|flat|rental)",
        r"(?:'d|would|rather|sooner) (?:rather )?die than (?:eat|wear|watch|ask|admit|miss|speak in|sing)",
        r"(?:want(?:ed)?|wish(?:ed)?|like) to (?:die|disappear)(?= (?:of|from|with) (?:embarrassment|"
        r"shame|laughter|boredom))",
        r"if i have to (?:[\w']+ ){1,9}i(?:'ll|'d| will| would) (?:shoot|kill|"
        r"hang) myself(?=.{0,30}(?:ha ha|haha|lol|joking))",
        r"(?:i'd|i'll|i would|i will) (?:kill|murder|strangle) (?:him|her|them|you) if (?:he|she|they|"
        r"you) (?:spoil\w*|ate|eat\w*|forg\w+|tells? anyone about the (?:party|surprise)|finish\w*)",
        r"my (?:\w+ )?(?:toddler|baby|cat|dog|puppy|kitten|parrot) (?:\w+ )?(?:hits|kicks|bites|slaps|"
        r"scratches|attacks|hit|kicked|bit) (?:me|us|his|her)?",
        r"drunk on (?:happiness|joy|love|power|success)|(?:psychotic|paranoid|manic|delusional|"
        r"schizophrenic) about (?:\w+)",
        r"wanted to die when (?:my|the|she|he|they|i|mom|mum|dad) (?:\w+ ){0,3}(?:phone|microphone|zipper|"
        r"trousers|rang|tripped|called me|burped|spilled)(?: \w+)*",
        r"rather die than (?:sing|speak|dance|eat|ask|wear|watch|admit|go back to that (?:shop|"
        r"gym))(?: \w+)*|done with this life of \w+",
        r"suicid(?:e|es) (?:bunts?|squeeze|passes|pass|doors?|runs?|sprints?|missions?|soda|sodas|blonde|wings?|dive|king|by kitchen)|"
        r"(?:run|runs|ran|running|doing|do) (?:\w+ )?suicides|suicides (?:at|in|after|during|until) (?:\w+ ){0,4}(?:practice|training|gym|coach)",
        r"(?:going|taking|trying|playing|signing|launching|standing|selling|buying|parking|asking) (?:[\w']+ ){1,6}(?:was|is|would be|'s) (?:pure |sheer |absolute )?suicide",
        r"(?:shot|shoot|shooting|shoots) (?:myself|himself|herself|yourself|themselves|ourselves) in the foot",
        r"(?:jump|jumped|jumping|dive|go|went) off the deep end",
        r"(?:kill|shoot) me now(?=\W+(?:it'?s |the |i have |we have )?(?:another|the in-laws|more homework|\w+ (?:meeting|weekend|exam|homework))|.{0,80}(?:ha ha|haha|lol|\U0001f602|\U0001f923))",
        r"(?:my|the|this|that|our|his|her) (?:[\w-]+ ){0,2}?(?:phone|battery|laptop|computer|printer|car|engine|fridge|boiler|toaster|kettle|plants?|tomatoes|basil|"
        r"lawn|roses|houseplants?|wifi|router|tv|washing machine|dishwasher|van|bike) (?:[\w']+ ){0,4}?(?:wants? to die|dying|died|lost the will to live|"
        r"tried to kill me|trying to kill me|killed itself|commit\w* suicide|wishes it was dead)",
        r"(?:lost|losing|lose) the will to live (?:somewhere |about |halfway |by |around |during |in |reading |queu\w+ |waiting |listening )(?:\w+ ){0,6}"
        r"(?:meeting|agenda|queue|page|slide|minute|hold|speech|lecture|email|form|heat|spreadsheet|aisle|ikea)",
        r"(?:inbox|calendar|schedule|weather|universe|printer|deadlines?|laundry|timetable|traffic lights?|spreadsheet|ironing)(?: \w+)? (?:is |are |has been )?"
        r"(?:plotting|conspiring|out to get)(?: against)? me",
        r"(?:phone|alexa|app|apps|laptop) (?:\w+ ){0,2}(?:spying on|listening to|watching|tracking) me(?=.{0,80}\b(?:ads?|adverts?|algorithm|lol|sneakers|targeted)\b)",
        r"(?:targeted )?(?:ads|adverts|emails|coupons|leaflets) (?:are |is |keep )?(?:stalking|following|watching) me",
        r"(?:exam|test|paper|week|workout|gym|hill|marathon|course|wind|traffic|puzzle|final|semester|shift|printer|class) (?:\w+ ){0,2}?(?:beat|beats|kicked|kicks|punched|hit|hurt) me(?: up)?",
        r"abus(?:e|ing|es) my (?:patience|hospitality|kindness|good nature|coffee machine)",
        r"threw (?:me|us|her|him) (?:under the bus|an? (?:\w+ )?(?:party|lifeline|curveball|look|glance|bone|shower|surprise)|off(?: guard| balance)?|for a loop|in at the deep end)",
        r"(?:it|this|that|which|what) (?:really |just |still )?(?:hits?|hurts?) me (?:that|when|and|how|harder|hardest|most|so|to)|how much harder it hits me|hurts me (?:that|to say|to see|to hear)",
        r"(?:overdos(?:e|ed|ing)|od'?d|oding) on (?:[\w-]+ ){0,3}?(?:videos?|pies?|tan|puddings?|turkey|carbs|crisps|biscuits|cookies|pizza|pasta|garlic|memes|news|"
        r"netflix|football|telly|box sets?|podcasts?|glitter|nostalgia|sunshine|homework|spreadsheets|crosswords|salad|kale|curry|curries|hummus|popcorn|doughnuts|donuts|sprouts|"
        r"perfume|aftershave|cologne|pink|beige|carols|musicals|romcoms|reality shows?|documentaries|yoga|books|novels|gossip|family|relatives|screen time|tiktok|instagram)",
        r"withdrawals?(?: symptoms?)?(?: from)? (?:(?:the|my|our|his|her) )?(?:allotment|garden|football|cricket|gym|baking|series|show|season|box set|telly|internet|"
        r"festival|holidays?|knitting|choir|running|sea|telephone|group chat|crossword)",
        r"(?:season|series|show|finale|football|world cup|olympics)(?: [\w']+){0,8} in withdrawal|(?:in|into) withdrawal(?=.{0,30}\b(?:show|series|season|finale|episode|football)\b)",
        r"(?:bank|atm|cash|overdrawn|overdraft|account)(?: [\w',]+){0,8} withdrawals?",
        r"(?:wool|yarn|chocolate|shopping|sugar|carb|shoe|biscuit|cake|crisps|coffee|caffeine|instagram|tiktok|gaming|ebay|stationery|sourdough) relapse|"
        r"relaps(?:e|ed|ing)(?= into (?:bad )?(?:puns|biscuits|old sitcoms|knitting)| on (?:chocolate|sugar|cake|crisps|coffee|biscuits|instagram|tiktok|shopping))|"
        r"relapse (?:plan|prevention|signature|signs?|warning)",
        r"(?:coffee|yarn|book|plant|cheese|cake|caffeine|biscuit|honey|vinyl|chocolate)(?:'s)?(?: [\w',]+){0,8} my dealer|my dealer(?=.{0,40}\b(?:kiosk|bakery|cheese|yarn|coffee|barista|library|garden centre)\b)",
        r"cut (?:myself|himself|herself|themselves) off(?= (?:mid|in the middle|before|from (?:sugar|social media|caffeine|the news))|-?mid)",
        r"(?:domestic violence|domestic abuse|child abuse|elder abuse) (?:cases?|shelter|charity|training|awareness|unit|course|advocate|team lead|helpline)|"
        r"safeguarding (?:module|refresher|training|course|policy|quiz|certificate|lead training|awareness)|abuse (?:awareness|prevention|hotline|helpline)",
        r"(?:coercive control|sexual harassment|suicide|self-harm|psychosis|mania|substance abuse|overdose|abuse|bullying) (?:awareness|prevention|first aid|training|workshop|module|seminar|webinar|lecture)(?: \w+)?",
        r"you (?:always |totally |must have |just |can )?read my mind|reads? my mind(?= before i| about dinner| when it comes to)",
        r"little voice (?:\w+ )?(?:told|said|says)(?: me)? (?:not )?(?:to )?(?:text|buy|call|check|wait|ask|book|order|take the umbrella|go home)",
        r"can'?t (?:go|carry) on like this with my (?:\w+ )?(?:manager|boss|landlord|job|commute|shifts?|boiler|flatmates?|neighbours?)|"
        r"(?:want|wanted) it to end(?= the (?:court|case|tribunal|divorce|meeting)| the week|,? the (?:court|case|tribunal|divorce|building work))",
        r"following (?:his|her) (?:wife|husband|mother|father|partner|brother|sister|son|daughter|retirement|divorce|redundancy|surgery|operation|diagnosis|bereavement|father-in-law)(?:'s)?",
        r"(?:'d|would|rather|sooner) (?:rather )?die than (?:do|sit|use|share|camp|cook|join|attend|listen|play|swap|queue|pay|support|drink|present|network|karaoke|"
        r"wait|commute|iron|hoover|vacuum|phone|ring)(?: \w+)*",
        r"(?:reading|watching|supporting|following|opening|checking|refreshing|dating|running|listening to) (?:[\w']+ ){1,6}(?:is|was|feels like) "
        r"(?:just |basically |pretty much |a form of |pure |like |an act of |a kind of )?(?:self[- ]harm|suicide)",
        r"burn(?:ed|t|s|ing)? (?:myself|himself|herself|themselves) out(?! of)",
        r"overdos(?:e|ed|ing) (?:on|of) (?!<drug>|<pills>|my|his|her|the|some|sleeping|anti)(?:\w+ ){1,3}(?=lol|haha|ha ha|\U0001f602|\U0001f923|!$)",
        r"overdos(?:e|ed|ing) (?:on|of) (?:[\w-]+ ){0,3}?(?:sunshine|gingerbread|tiramisu|custard|gravy|brownies|ice lollies|watermelon|strawberries|marzipan|mince|stollen|"
        r"panettone|lasagne|crumble|fudge|toffee|jelly babies|olives|tinsel|culture|museums|churches)",
        r"(?:hear|hears|hearing|heard) (?:\w+ )?voices?(?=.{0,12}\b(?:it'?s|it was|turned out to be|only|just) (?:only |just )?(?:the|my|next door'?s?) "
        r"(?:\w+ )?(?:radio|tv|telly|television|neighbou?rs?|podcast|kids|children|choir))",
        r"my (?:\w+ )?(?:dog|cat|puppy|kitten|parrot|hamster|goat|pony|cockatoo) (?:\w+ ){0,2}?(?:abuses|bullies|controls|stalks|hates|gaslights) (?:me|us)",
        r"(?:software|app|system|website|account|portal|bank|laptop|phone|computer|it) (?:\w+ )?lock(?:s|ed)? me out",
        r"jump\w* (?:off|from|out of) (?:\w+ ){1,4}(?=.{0,40}\b(?:bungee|parachute|for charity|skydiv\w+|swimming pool|rope swing|for his fortieth|for her fortieth))",
        r"took my phone (?:for|to) (?:repair|a repair|the shop|the repair|charge)",
        r"(?:takes?|taking|took|on) (?:\w+ ){0,2}?<drug> (?:(?:exactly|precisely|only|strictly|just) )?as (?:prescribed|directed|instructed|it says)(?: \w+){0,3}",
        r"(?:phone|alexa|app|apps|laptop)(?:'s| is| must be| keeps)? spying on me(?=.{0,60}\b(?:i said|i mentioned|i got|i talked about)\b)",
        r"sleep forever (?:on|this|in) (?:sundays?|weekends?|weekend)|(?:crazy|insane|mental) (?:schedule|"
        r"week|day)",
    )
)
