"""Typing errors in names of a real store, and ordinary words that must not be taken for any."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from earthweave.qa.knowledge import Called, Knowledge, index_of, key
from earthweave.qa.language import read
from earthweave.qa.language._names import readings
from tests.qa.knowledge.real import learned
from tests.qa.language.linked import TODAY, rows
from tests.qa.language.linked import readings as surest

E = "http://example.org/"
WORDS = (
    "ability account action address advice agency agent agreement airline animal answer apple argument army arrival article artist"
    " aspect attack attempt attention attitude audience author background balance bank basis basket battle beauty bedroom benefit bird"
    " birth blood board boat body bonus border bottle brain branch bread breakfast breath brother budget business camera campaign"
    " cancer candidate capital career castle category cause cell chair challenge chance chapter character charge cheek chemistry chest"
    " chicken child choice church cigarette citizen class client climate clothes coffee collection college comment committee community"
    " company comparison computer concept concern condition conference connection construction contact context contract contrast"
    " contribution cookie corner cost county couple courage course cousin credit crime crisis culture currency customer cycle danger"
    " daughter death debate decision definition degree delivery demand department depth description design desk detail device diamond"
    " difference dinner direction director dirt disaster discussion disease district dream drawer driver economy editor education"
    " effect effort election emotion emphasis employee energy engine entry environment equipment error estate event evidence exam"
    " example exchange excitement expert explanation expression extent eye face fact failure family farmer father fault feature"
    " feedback field figure film finance finger fire flight floor flower focus food foot force foundation freedom friend fruit fuel"
    " function funeral future garbage garden gate gene girl goal grandmother grocery growth guest guidance guitar hair hall harbour"
    " hearing heart height history hobby holiday home honey hope horse hospital host hotel house hunter husband idea imagination"
    " impact improvement income independence industry inflation information injury insect insurance interaction interview investment"
    " issue item judgment king kitchen knowledge labour ladder lady language law leader lecture length lesson letter library list"
    " literature loan logic loss love machine magazine maintenance manager manner market marriage material meal media medicine member"
    " memory message metal method midnight mixture mobile mode moment mood morning mother mouse movement music nation nature network"
    " newspaper night noise note object office operation opinion opportunity orange order organization outcome outside oven owner page"
    " paint painting paper parent park passion patience patient payment penalty pepper performance permission person perspective"
    " philosophy phone photo physics piano picture piece pilot pizza planet plant plate player pleasure poem poetry policy politics"
    " pollution population position possession potato power practice presence president pressure price priority problem procedure"
    " process product profession profit program promotion property proposal protection psychology purpose quality quantity queen"
    " question rabbit radio rain range rate ratio reaction reality reason reception recipe record reflection relation relationship"
    " religion replacement republic reputation request research resource response responsibility restaurant result revenue review"
    " revolution risk river role roof room route safety salad salary sample scale scene schedule school science screen script secret"
    " section selection sense sentence series service session shape shirt shock shop shoulder sister situation skill skin society"
    " software soil solution song soup sound source spirit sport stable stage station statement steak storage store storm story"
    " stranger strategy street stress student studio style subject success sugar suggestion supermarket support surgery surprise"
    " sympathy system table teacher technology television temperature tension tennis territory theory ticket tongue tooth topic tower"
    " town trade tradition traffic transition transport treatment truth uncle understanding union unit university user valley value"
    " variation variety vehicle version victory video village virus vision volume warning water weakness wealth weather wedding weight"
    " window winner winter wood worker world writer youth"
).split()
assert len(WORDS) > 300


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return learned(tmp_path_factory)[1]


def _slip(rng: random.Random, name: str) -> str:
    """One letter doubled, left out, or changed with the next; not the first."""
    places = [at for at in range(1, len(name) - 1) if name[at].isalpha() and name[at + 1].isalpha() and name[at] != name[at + 1]] or [1]
    at, kind = rng.choice(places), rng.randrange(3)
    return name[:at] + (name[at] * 2 + name[at + 1 :], name[at + 1 :], name[at + 1] + name[at] + name[at + 2 :])[kind]


def _misspelt(known: Knowledge) -> Iterator[tuple[str, str]]:
    rng, names = random.Random(11), known.names.columns["row_name"]  # type: ignore[attr-defined]
    for at in rng.sample(range(len(names)), 400):
        name = names[at].as_py()
        if len(key(name)) and len("".join(key(name))) > 5 and name[0].isupper() and name[1:3].isalpha() and not any(map(str.isdigit, name)):
            typed = _slip(rng, name)
            # what is a name as it is typed is no error that anybody could see
            if not known.names.find(key(typed)):
                yield name, typed


def test_nine_in_ten_slips_are_read_as_what_was_meant(known: Knowledge) -> None:
    found = []
    for name, typed in _misspelt(known):
        read_as = [scored.value.name for one in readings(read(f"Show me all lakes near {typed}."), known) for scored in one.value]
        found.append(key(name) in map(key, read_as))
    assert len(found) > 200
    assert sum(found) >= 0.9 * len(found)


@pytest.fixture(scope="module")
def many() -> Knowledge:
    """Names that many ordinary words are parts of, or one letter away from."""
    kinds = ("{} Valley", "Mount {}", "{} City", "{}-sur-Mer")
    names = [kinds[at % 4].format(word.title()) for at, word in enumerate(WORDS) if at % 3 == 0]
    names += [word.title()[:-1] + "a" for at, word in enumerate(WORDS) if at % 3 == 1]
    return Knowledge(index_of(Called(f"{E}{at}", ((name, 1.0),)) for at, name in enumerate([*names, "Dublin", "Ireland"])))


@pytest.mark.parametrize(
    "frame", ["lakes near the {}", "Which lakes are in the {} of Ireland?", "show {} data", "is there any {} at Dublin"]
)
def test_ordinary_words_are_no_names(many: Knowledge, frame: str) -> None:
    wrong = {}
    for word in WORDS:
        question = read(frame.format(word))
        for one in readings(question, many, TODAY):
            if question.words(one.start, one.end) == word and one.score >= 0.5:
                named = [scored.value for scored in one.value if scored.value.iris]
                if named and not any(key(value.name) == key(word) for value in named):
                    wrong[word] = (one.rule, named[0].name)
    assert wrong == {}


def _world(*names: str, **priors: float) -> Knowledge:
    things = [Called(E + name.replace(" ", "_"), ((name, 1.0),), prior=priors.get(name, 1.0)) for name in names]
    return Knowledge(index_of(things))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Bublin", "Dublin"), ("Ahmburg", "Hamburg"), ("Hambrug", "Hamburg"), ("Victoria de Durnago", "Victoria de Durango"),
        ("Bad Hmoburg", "Bad Homburg"), ("New Marlbroough", "New Marlborough"), ("NewMarlborough", "New Marlborough"),
    ],
)  # fmt: skip
def test_a_slip_is_told_and_read_as_the_whole_name(typed: str, name: str) -> None:
    world = _world("Dublin", "Burlin", "Hamburg", "Durango", "Victoria", "Victoria de Durango", "Bad Homburg", "New Marlborough",
                   "Marlborough", Dublin=5.0)  # fmt: skip
    found = surest(readings, f"lakes near {typed} in May", world)[typed]
    assert (found.value[0].value.iris, found.rule) == ((E + name.replace(" ", "_"),), "misspelt")
    assert [one.text for one in found.assumptions] == [f"“{typed}” is taken as {name}."]


def test_all_things_of_the_name_are_alternatives() -> None:
    world = Knowledge(index_of(Called(f"{E}{at}", (("Hamburg", 1.0),), box=(at * 9, 1, at * 9, 1)) for at in range(3)))
    found = surest(readings, "lakes near Hambrug", world)["Hambrug"]
    assert {scored.value.iris[0] for scored in found.value} == {f"{E}0", f"{E}1", f"{E}2"}


def test_abbreviations_are_no_parts_of_names() -> None:
    assert "USA" not in {words for words, one in surest(readings, "lakes in USA", _world("Usa River")).items() if one.rule == "name"}
    assert surest(readings, "lakes in Usa", _world("Usa River"))["Usa"].value[0].value.iris == (f"{E}Usa_River",)


@pytest.mark.parametrize(
    ("text", "part"), [("lakes near the thames", "thames"), ("lakes in galway", "galway"), ("is Thames long", "Thames")]
)
def test_parts_of_names_are_read_where_names_stand(text: str, part: str) -> None:
    found = surest(readings, text, _world("Thames River", "County Galway"))[part]
    assert found.score > 0.7


@pytest.mark.parametrize("text", ["lakes near Amazon", "is it in Mazo", "lakes near Ork", "lakes by the mountian", "lakes near hambrug"])
def test_other_words_are_not_corrected(text: str) -> None:
    world = _world("Mazon", "Cork", "Mountain", "Nazo", "Hamburg")
    assert all(not value.iris for value in rows(readings, text, world).values())
