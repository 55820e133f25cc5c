"""The words by which a note's sentence is taken to show an element of medical necessity.

English, as clinicians and the drafter write notes. Each list errs on the side of not seeing: a prompt too many costs a
glance, an element wrongly held to be there costs a denied claim.
"""

import re


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})", re.IGNORECASE)


NOT_SAID = _any(
    r"not assessed\b", r"(?:was|were) not (?:discussed|addressed|asked|covered|explored)\b", r"nothing to add\b",
)  # fmt: skip
SYMPTOM = _any(
    r"anxi(?:ous|ety)", r"depress", r"\bsad(?:ness)?\b", r"hopeless", r"worthless", r"worr(?:y|ies|ied)", r"panic",
    r"fear", r"afraid", r"irritab", r"ang(?:ry|er)\b", r"numb(?:ness)?\b", r"guilt",
    r"shame\b", r"grie(?:f|v)", r"nightmare",
    r"flashback", r"intrusive", r"obsess", r"compuls", r"ruminat", r"insomnia", r"fatigue", r"exhaust", r"restless",
    r"tearful", r"low mood", r"mood (?:is|was|swings)", r"racing thoughts", r"hallucinat", r"delusion", r"paranoi",
    r"crav(?:e|ing)", r"urges?\b", r"dissociat", r"hypervigilan", r"avoid(?:s|ed|ing|ance)\b", r"withdrawn", r"suicid",
    r"self-harm", r"binge", r"purg(?:e|ing)", r"symptom", r"distress", r"trouble sleeping", r"sleeping too",
    r"(?:low|no|lost|poor) (?:appetite|energy)", r"(?:heart|thoughts) (?:was |is |were |are )?(?:racing|pounding)",
    r"sweat(?:s|ing|y)?\b", r"shak(?:y|ing)\b", r"trembl", r"could not breathe", r"cr(?:ied|ies|ying)\b", r"nause",
    r"dizz", r"lonel(?:y|iness)", r"empt(?:y|iness)\b", r"on edge\b", r"tense\b", r"overwhelm",
)  # fmt: skip
DOMAIN = _any(
    r"work(?:s|ed|ing|place)?\b", r"jobs?\b", r"shifts?\b", r"office\b", r"deadlines?\b", r"boss\b", r"co-?workers?\b",
    r"school\b", r"class(?:es)?\b", r"college\b", r"homework\b", r"assignments?\b", r"grades?\b",
    r"stud(?:y|ies|ying)\b", r"sle(?:ep|pt)\w*", r"bed\b", r"night\b", r"marriage\b", r"relationships?\b",
    r"partner\b", r"husband\b", r"wife\b", r"spouse\b", r"boyfriend\b", r"girlfriend\b", r"friends?\b", r"family\b",
    r"child(?:ren)?\b", r"kids?\b", r"parent(?:ing|s)?\b", r"mother\b", r"father\b", r"son\b", r"daughter\b",
    r"social(?:ly|i[sz]\w+)?\b", r"shower\w*", r"bath(?:e|ing)\b", r"hygiene\b", r"dress(?:ed|ing)\b",
    r"eat(?:s|ing)?\b", r"meals?\b", r"breakfast\b",
    r"lunch\b", r"dinners?\b", r"cook(?:s|ing)?\b", r"clean(?:s|ing)?\b", r"chores?\b", r"housework\b",
    r"household\b", r"bills?\b", r"errands?\b", r"shop(?:s|ping)?\b", r"grocer(?:y|ies)\b", r"driv(?:e|es|ing)\b",
    r"bus\b", r"leav(?:e|es|ing) (?:the|her|his|their) (?:house|home|apartment)\b", r"out of (?:the )?(?:house|bed)\b",
    r"self-care\b", r"medication\b", r"appointments?\b", r"concentrat\w+", r"focus\w*",
    r"daily (?:life|activities|routine|tasks?|functioning)\b", r"functioning\b", r"hobb(?:y|ies)\b", r"money\b",
    r"employer\b", r"supervisor\b", r"teacher\b", r"professor\b", r"presentations?\b", r"cafeteria\b",
    r"restaurants?\b", r"stores?\b", r"part(?:y|ies)\b", r"crowds?\b", r"public\b", r"church\b", r"gym\b",
)  # fmt: skip
DIFFICULTY = _any(
    r"can(?:not|'t|\u2019t| no longer)\b", r"could(?: not|n't|n\u2019t)\b", r"unable\b", r"not able\b",
    r"not been able\b", r"no longer (?:work|go|attend|see|sleep|eat|cook|clean|drive|leave|answer|enjoy)\w*",
    r"no longer able\b", r"troubles?\b", r"difficult\w*", r"hard(?:er)? to\b", r"hard time\b", r"struggl\w+",
    r"fail(?:s|ed|ing)\b",
    r"miss(?:es|ed|ing) (?:\S+ ){0,4}?(?:work|shifts?|class(?:es)?|school|days?|deadlines?|appointments?|meals?)\b",
    r"miss(?:es|ed|ing) (?:\S+ ){0,4}?(?:payments?|doses?|bills?|assignments?|lectures?|meetings?)\b",
    r"avoid(?:s|ed|ing)\b",
    r"stopped (?:going|seeing|working|eating|cooking|cleaning|answering|attending|showering|leaving|driving|talking)\b",
    r"quit (?:\w+ )?(?:job|work|school|college)\b", r"skip(?:s|ped|ping)\b", r"late (?:for|to)\b",
    r"call(?:s|ed|ing) (?:in|out) sick\b", r"absen(?:t|ces?)\b", r"fallen behind\b", r"fall(?:s|ing) behind\b",
    r"behind (?:on|with|in)\b", r"los(?:t|ing) (?:her|his|their|a|the) (?:job|work)\b", r"fired\b", r"suspended\b",
    r"isolat\w+", r"withdraw\w*", r"withdrew\b", r"conflicts?\b", r"argu(?:es|ed|ing|ments?)\b", r"fight(?:s|ing)?\b",
    r"fought\b", r"neglect\w*", r"impair\w*", r"interfer\w+", r"disrupt\w*", r"affect(?:s|ed|ing)\b", r"suffer\w*",
    r"wors(?:e|en\w*)\b", r"declin(?:e|es|ed|ing)\b", r"poor(?:ly)?\b", r"only \w+ hours\b", r"less than \w+ hours\b",
    r"(?:[1-5]|one|two|three|four|five) hours (?:a|per|of|at|each)\b",
    r"wak(?:es|ing) (?:up )?(?:at|several|every|early|through)", r"lies? awake\b", r"lying awake\b", r"tired\b",
    r"exhaust\w+", r"does(?: not|n't|n\u2019t) (?:sleep|eat|leave|go|see|shower|work|talk|answer)\b", r"barely\b",
    r"hardly\b", r"limited\b",
)  # fmt: skip
IMPAIRED_BY_ITSELF = _any(
    r"insomnia\b", r"(?:functional|occupational|academic|social) (?:impairment|decline|limitation)s?\b",
    r"(?:on|took) (?:medical|sick|stress) leave\b", r"called in sick\b", r"lost (?:her|his|their) job\b",
    r"(?:unemployed|fired) because\b", r"housebound\b", r"dropped out of\b",
)  # fmt: skip
NEGATED_BEFORE = re.compile(
    r"\b(?:denie[sd]|denying)\b(?:(?!\bbut\b)[^.;])*$"
    r"|\b(?:no longer|no|not|without|never|nor|free of|(?:does|did|do|has|have|is|was)n['\u2019]t)"
    r"(?:\s+(?:have|had|having|any|much|significant|a|been|in|report|reported|thoughts?|signs?|symptoms?|of))*\s*$",
    re.IGNORECASE,
)
"""Ends right before a word that is thereby said not to be: "denies panic or ...", "does not have any ..."."""
TECHNIQUE = _any(
    r"(?-i:CBT|DBT|ACT|EMDR|ERP|IPT|MI|CPT|PE)\b", r"cognitive", r"behaviou?ral", r"reframing", r"restructuring",
    r"thought (?:record|log|diary)", r"exposure", r"response prevention", r"activation", r"activity schedul",
    r"breathing", r"relaxation", r"grounding", r"mindful", r"meditat", r"imagery", r"imaginal", r"motivational",
    r"decisional balance", r"psycho-?education", r"role[- ]play", r"problem[- ]solving", r"communication skills",
    r"assertive", r"social skills", r"coping (?:skills?|strateg|card|plan)", r"distress tolerance",
    r"emotion regulation", r"opposite action", r"interpersonal", r"chain analysis", r"validat(?:ed|ion|ing)",
    r"reflective listening", r"reflected", r"summari[sz]ed", r"supportive", r"empath", r"interpret(?:ed|ation)",
    r"insight", r"psychodynamic", r"transference", r"solution[- ]focused", r"scaling question", r"miracle question",
    r"narrative", r"externali[sz]", r"genogram", r"play therapy", r"sand ?tray", r"art therapy", r"parent training",
    r"family systems", r"safety plan", r"crisis (?:plan|intervention)", r"relapse prevention", r"trigger",
    r"harm reduction", r"contingency management", r"sleep hygiene", r"stimulus control", r"worry (?:time|period)",
    r"journal", r"values", r"acceptance", r"defusion", r"self-compassion", r"socratic", r"guided discovery",
    r"downward arrow", r"behaviou?r experiment", r"evidence for and against", r"skills? (?:training|practice|rehears)",
    r"goal[- ]setting", r"de-?escalat", r"desensiti[sz]", r"hierarchy", r"unhelpful thoughts?",
    r"thinking (?:errors?|traps?)", r"core beliefs?",
)  # fmt: skip
CLINICIAN_ACTED = _any(
    r"clinician\b", r"therapist\b", r"provided\b", r"used\b", r"practi[sc]ed\b", r"introduced\b", r"reviewed\b",
    r"taught\b", r"guided\b", r"led\b", r"worked (?:on|with)\b", r"discussed\b", r"explored\b", r"applied\b",
    r"modell?ed\b", r"rehearsed\b", r"facilitated\b", r"offered\b", r"session focused\b",
)  # fmt: skip
"""Asked of a sentence without a topic, so that "her husband is supportive" names no technique."""
RESPONSE = _any(
    r"respond(?:ed|s)\b", r"response to\b", r"receptive\b", r"engaged\b", r"participat", r"open to\b", r"agreed\b",
    r"willing", r"reluctan", r"resist", r"hesita", r"practi[sc]ed (?:it|this|the)\b", r"was able to\b", r"tolerated\b",
    r"found (?:it|this|the|that)\b", r"felt (?:calmer|better|relieved|understood|heard|worse|less|more)\b",
    r"became\b", r"expressed (?:relief|understanding|interest|doubt)", r"verbali[sz]ed (?:understanding|insight)",
    r"identified\b", r"recogni[sz]ed\b", r"demonstrated\b", r"declined to\b", r"tearful when\b",
    r"benefit(?:t?ed|s)\b", r"helped\b", r"reported (?:relief|feeling)",
)  # fmt: skip
PROGRESS = _any(
    r"progress\w*", r"(?<!to )improv\w+",
    r"(?:is|are|was|were|been|feels?|feeling|felt|doing|sleeps|sleeping|slept) (?:better|worse)\b(?! than nothing)",
    r"(?:getting|got|gotten|much|slightly|somewhat|little|bit) (?:better|worse)\b(?! than nothing)", r"easier\b",
    r"worsen\w*",
    r"(?:more|less) (?:\w+ ){0,9}than (?:they|he|she|it) (?:did|was|were)\b",
    r"unchanged\b", r"no change\b", r"same as\b", r"as before\b", r"regress\w*", r"relapsed?\b",
    r"setback", r"plateau", r"stable\b", r"maintain(?:s|ed|ing)\b", r"achieved\b",
    r"goal (?:was |is |has been )?(?:met|reached|achieved)", r"(?:met|reached) (?:her|his|their|the) goal",
    r"on track\b", r"(?:partly|partially|fully|not yet) met\b", r"(?<!to )decreas(?:e|ed|es|ing)\b",
    r"(?<!to )increas(?:e|ed|es|ing)\b", r"reduc(?:ed|tion|ing)\b", r"fewer\b",
    r"less (?:often|frequent|anxious|depressed|intense)", r"more (?:often|frequent|anxious|depressed|intense)",
    r"more than last\b", r"(?:since|compared (?:to|with)) (?:the )?last\b", r"(?:down|up) from\b", r"from \d+ to \d+",
)  # fmt: skip
PLAN = _any(
    r"next (?:session|week|appointment|visit|time|step)", r"follow[- ]?up", r"will\b", r"plans? to\b", r"continue\b",
    r"homework\b", r"between sessions\b", r"refer(?:red|ral)", r"return(?:s)? in\b",
    r"schedul(?:e|ed) (?:for|in|the next)", r"agreed to (?:try|practi[sc]e|call|keep|complete|bring)", r"weekly\b",
    r"biweekly\b", r"discharge\b",
)  # fmt: skip
