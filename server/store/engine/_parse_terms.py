"""Terms of SPARQL 1.1: prologue, IRIs, literals, variables and blank nodes."""

from __future__ import annotations

import re
from functools import lru_cache

import pyoxigraph

from earthweave.ontology import RDF, XSD

from ..algebra import Constant, Place, Variable
from ..snapshot import Term, iri, literal, tagged
from ._parse_tokens import Tokens, local_name, string_value, unescaped

HIDDEN = "_:"
"""Names that begin so are no variables of the text: its blank nodes, and what the translation adds (``_:.1``)."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_INTEGER, _DECIMAL, _DOUBLE, _BOOLEAN = (str(XSD[name]) for name in ("integer", "decimal", "double", "boolean"))
_POINT = re.compile(r"(?<!\\)\.")
_NIL = Constant(iri(str(RDF.nil)))


class TermParser(Tokens):
    """Reads terms.

    Attributes:
        base: what relative IRIs are relative to; address: the same before any BASE.
        seen: variables in the order of their first appearance.
        lowered: where TRUE and FALSE stand that are not in lower case.
        dotted: where names with several points in their local part stand, which the checker cannot read, and what it can read instead.
        graph: where patterns are looked for: the term of the innermost GRAPH, or None.
    """

    def __init__(self, text: str) -> None:
        self.base = self.address = ""
        self.prefixes: dict[str, str] = {}
        self.seen: dict[str, None] = {}
        self.lowered: list[int] = []
        self.dotted: dict[int, str] = {}
        self.graph: Place | None = None
        self._invented = 0
        super().__init__(text)

    def prologue(self) -> None:
        """BASE and PREFIX declarations."""
        while self.key in ("BASE", "PREFIX"):
            if self.accept("BASE"):
                self.base = self.iri()
            else:
                self.advance()
                if self.kind != "name" or not self.word.endswith(":"):
                    self.fail("a prefix")
                prefix = self.advance()
                self.prefixes[prefix] = self.iri()

    def declarations(self) -> str:
        """The prologue as far as it was read, written again."""
        base = f"BASE <{self.base}>\n" if self.base else ""
        return base + "".join(f"PREFIX {name} <{target}>\n" for name, target in self.prefixes.items())

    def invented(self) -> Variable:
        """A variable that no text can name."""
        self._invented += 1
        return Variable(f"{HIDDEN}.{self._invented}")

    def at_iri(self) -> bool:
        """Whether an IRI is at hand."""
        return self.kind in ("iri", "name")

    def iri(self) -> str:
        """An IRI, written out or with a prefix."""
        if self.kind == "iri":
            return self._resolved(unescaped(self.advance()[1:-1]))
        if self.kind != "name":
            self.fail("an IRI")
        prefix, _, local = self.word.partition(":")
        if prefix + ":" not in self.prefixes:
            self.fail(f"a declared prefix instead of {prefix}:")
        if local.count(".") > 1:
            self.dotted[self.start] = f"{prefix}:{_POINT.sub('_', local)}"
        self.advance()
        return self.prefixes[prefix + ":"] + local_name(local)

    def _resolved(self, reference: str) -> str:
        if _SCHEME.match(reference):
            return reference
        if not self.base:
            self.fail("a BASE before a relative IRI")
        return _resolved(reference, self.base)

    def variable(self) -> Variable:
        """A variable."""
        if self.kind != "variable":
            self.fail("a variable")
        name = self.advance()[1:]
        self.seen.setdefault(name)
        return Variable(name)

    def variable_or_iri(self) -> Place:
        """A variable or an IRI."""
        return self.variable() if self.kind == "variable" else Constant(iri(self.iri()))

    def at_term(self) -> bool:
        """Whether a term of a pattern is at hand; lists and bracketed blank nodes left out."""
        return self.kind in ("variable", "iri", "name", "blank", "string", "number") or self.key in ("TRUE", "FALSE") or self.at_signed()

    def at_signed(self) -> bool:
        """Whether a number with a sign is at hand."""
        following = self.touching()
        behind = self.text[self.stop + 1 : self.stop + 2]
        return self.key in ("+", "-") and (following.isdecimal() or (following == "." and behind.isdecimal()))

    def term(self) -> Place:
        """A variable, blank node (as a hidden variable), IRI or literal."""
        if self.kind == "variable":
            return self.variable()
        if self.kind == "blank":
            return Variable(HIDDEN + self.advance()[2:])
        return Constant(self.constant())

    def constant(self) -> Term:
        """An IRI or a literal."""
        if self.at_iri():
            return iri(self.iri())
        if self.kind == "string":
            return self._string()
        if self.key in ("TRUE", "FALSE"):
            if self.word != self.word.lower():
                self.lowered.append(self.start)
            return literal(self.advance().lower(), _BOOLEAN)
        return self._number()

    def _string(self) -> Term:
        text = string_value(self.advance())
        if self.kind == "tag":
            return tagged(text, self.advance()[1:])
        return literal(text, self.iri()) if self.accept("^^") else literal(text)

    def _number(self) -> Term:
        sign = self.advance() if self.at_signed() else ""
        if self.kind != "number":
            self.fail("a term")
        text = self.advance()
        datatype = _DOUBLE if "e" in text.lower() else _DECIMAL if "." in text else _INTEGER
        return literal(sign + text, datatype)

    def nil(self) -> Constant:
        """The empty list."""
        return _NIL


@lru_cache(maxsize=1024)
def _resolved(reference: str, base: str) -> str:
    """RFC 3986 §5.2, as the syntax checker does it."""
    statement = f"<{reference}> <x:p> <x:o> ."
    (triple,) = pyoxigraph.parse(statement, pyoxigraph.RdfFormat.TURTLE, base_iri=base)
    return str(triple.subject.value)
