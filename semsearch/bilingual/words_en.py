"""English words that say too little to be looked for alone, irregular forms, and British spellings."""

from __future__ import annotations

STOP = frozenset(
    """
    due ago a an the this that these those i me my mine myself you your yours yourself he him his himself she her hers
    herself it its itself we us our ours ourselves they them their theirs themselves who whom whose which what
    when where why how whether am is are was were be been being do does did done doing have has had having will
    would shall should can could may might must ought cannot don doesn didn isn aren wasn weren wouldn shouldn
    couldn hasn haven hadn ain ll ve re and or but nor so yet if unless because since as than then though although
    while until till of in on at by for with about against between among into through during before after above
    below to from up down out off over under again onto upon within without toward towards via per amid amidst
    along across around behind beyond near not no only own same too very just also even still ever never here
    there now both each few more most other some such any all every either neither one once many much far soon
    already another etc vs eg ie mr mrs ms dr s t d m let get got gets getting go goes make made makes becomes
    become became say says said following including according
    """.split()  # noqa: SIM905
)

_IRREGULAR = """
    arise arose arisen|awake awoke|bear bore borne|beat beaten|begin began begun|bend bent|bind bound|
    bite bit bitten|bleed bled|blow blew blown|break broke broken|breed bred|bring brought|build built|burn burnt|
    buy bought|catch caught|choose chose chosen|cling clung|come came|creep crept|deal dealt|dig dug|
    draw drew drawn|dream dreamt|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed|
    feel felt|fight fought|find found|flee fled|fling flung|fly flew flown|forbid forbade forbidden|
    forget forgot forgotten|forgive forgave forgiven|freeze froze frozen|give gave given|grind ground|
    grow grew grown|hang hung|hear heard|hide hid hidden|hold held|keep kept|kneel knelt|know knew known|lay laid|
    lead led|leap leapt|learn learnt|leave left|lend lent|light lit|lose lost|mean meant|meet met|pay paid|
    ride rode ridden|ring rang rung|rise rose risen|run ran|see saw seen|seek sought|sell sold|send sent|
    shake shook shaken|shine shone|shoot shot|show shown|shrink shrank shrunk|sing sang sung|sink sank sunk|
    sit sat|sleep slept|slide slid|speak spoke spoken|spend spent|spin spun|split split|spread spread|
    spring sprang sprung|stand stood|steal stole stolen|stick stuck|strike struck stricken|strive strove|
    swear swore sworn|sweep swept|swim swam swum|swing swung|take took taken|teach taught|tear tore torn|tell told|
    think thought|throw threw thrown|understand understood|undergo underwent undergone|uphold upheld|
    wake woke woken|wear wore worn|weave wove woven|win won|wind wound|withdraw withdrew withdrawn|
    withhold withheld|write wrote written|overthrow overthrew overthrown|overtake overtook overtaken|man men|
    woman women|child children|foot feet|tooth teeth|mouse mice|person people|life lives|wife wives|knife knives|
    crisis crises|analysis analyses|medium media|datum data|criterion criteria|policeman policemen|
    fisherman fishermen|congressman congressmen|lawmaker lawmakers
    """

IRREGULAR = {form: base for base, *forms in map(str.split, _IRREGULAR.split("|")) for form in forms}

SPELLINGS = (
    ("isation", "ization"), ("isat", "izat"), ("ise", "ize"), ("ising", "izing"), ("our", "or"), ("tre", "ter"),
    ("defence", "defense"), ("offence", "offense"), ("licence", "license"), ("programme", "program"),
    ("lling", "ling"), ("lled", "led"), ("yse", "yze"), ("ogue", "og"), ("tyre", "tire"), ("grey", "gray"),
)  # fmt: skip

ACRONYMS = {"us": "united states", "it": "information technology", "un": "united nations"}
"""Acronyms that look like other words, spelled out for the lexicon."""
