"""What a store knows: classes, properties, relations and names, built from the store itself; and what vague words are taken to mean."""

from ._alike import distinct_properties
from ._build import build, opened
from ._entries import PLACES, class_labels, property_labels
from ._file import read, write
from ._indexing import Called, index_of
from ._knowledge import ClassEntry, Knowledge, NameMatch, Names, NoNames, PropertyEntry, RelationEntry
from ._names import NameIndex
from ._normal import fold, key, lemma, lemmas
from ._policies import ABOUT_DAYS, ABOUT_POINTS, ABOUT_SHARE, CLOUD_FREE, CLOUDY, LARGE, POLICIES, RECENT, SMALL, Policy, major, near
from ._products import PRODUCT, product_classes, products_linked
from ._vocabulary import by_words, kind_words, kinds_of, lexemes

__all__ = [
    "ABOUT_DAYS",
    "ABOUT_POINTS",
    "ABOUT_SHARE",
    "CLOUDY",
    "CLOUD_FREE",
    "LARGE",
    "PLACES",
    "POLICIES",
    "PRODUCT",
    "RECENT",
    "SMALL",
    "Called",
    "ClassEntry",
    "Knowledge",
    "NameIndex",
    "NameMatch",
    "Names",
    "NoNames",
    "Policy",
    "PropertyEntry",
    "RelationEntry",
    "build",
    "by_words",
    "class_labels",
    "distinct_properties",
    "fold",
    "index_of",
    "key",
    "kind_words",
    "kinds_of",
    "lemma",
    "lemmas",
    "lexemes",
    "major",
    "near",
    "opened",
    "product_classes",
    "products_linked",
    "property_labels",
    "read",
    "write",
]
