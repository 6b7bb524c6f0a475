"""Words that are hardly ever names when they are written small."""

from __future__ import annotations

COMMON = frozenset(
    (
        "a about above according across actually add additionally adjacent adjoining after against all along also although am among an"
        " and and-or another any anything approximately april are area areas around as ask at august autumn available average away back"
        " be because been before behind being below beneath beside best better between big bigger biggest border bordering borders both"
        " bottom but by called can center centre close closer closest cloud cloudy compare completely contain contained containing"
        " contains could count cover covered covering cross crosses crossing currently day days december describe detect did different"
        " direct directly display distance do does done down downstream driving during each early east eastern either else end enough"
        " entirely ever every exactly exist existing exists extract fall far farther farthest february few fewer fewest find first five"
        " flow flowing flows for four free friday from fully further furthest get give go going good great greater greatest group had"
        " half halfway has have having he head height help her here high higher highest him his hot how however hundred i ideally"
        " identify if image images in include including inside interested intersect intersecting intersects into is it its itself january"
        " join july june just kilometer kilometers kilometre kilometres km know large larger largest last late later latest least left"
        " less let lie lies like limit list little live local locate located location long longer longest look looking lot low lower"
        " lowest lying made main major make many map march max maximum may me mean measure mentioned met meter meters metre metres mid"
        " middle mile miles million min minimum moderate monday month months more most much must my name named names near nearby nearest"
        " nearly need never new newest next nice no none nor north northeast northern northwest not november now number october of off"
        " often old older oldest on once one ones only open opposite option options or order other our out outside over overlap"
        " overlapping overlaps own part partially partly pass passes passing people per percent percentage person place placed places"
        " plan please pm point points possible possibly present presently produce provide quite rank ranked rather reach read really"
        " recent recommend region respectively right roughly round run running runs same saturday search second see seen select september"
        " seven several shall share shares sharing she short shorter shortest should show side since single situated size small smaller"
        " smallest so some someone something sort sorted south southeast southern southwest spot spring square start starting still stop"
        " straight such suggest summer sunday surround surrounded surrounding take taken tell ten than that the their them then there"
        " these they thing things third this those thousand three through thursday time times to today together too top total touch"
        " touched touching toward towards travel trying tuesday two under until up upon us use used using versus very via visit vs"
        " walking want was way we wednesday week weeks well were west western what when where whereabouts which while who whole whose why"
        " wide will winter with within without wonder wondering would year years yes yesterday you your zero"
    ).split()
)
"""Function words, and words of questions that towns somewhere are called by too ("Most", "March", "Of")."""

PREPOSITIONS = frozenset(
    "in of near at from to around over within inside outside for between and through across by on along towards toward above below"
    " bordering touching crossing contains containing surrounding covering is does".split()
)
"""Words that names stand behind."""
