"""Namespaces of the vocabularies that mapping documents are written in."""

from __future__ import annotations

RR = "http://www.w3.org/ns/r2rml#"
RML_LEGACY = "http://semweb.mmlab.be/ns/rml#"
RML = "http://w3id.org/rml/"
RRX = "http://www.w3.org/ns/r2rml-ext#"
RRXF = "http://www.w3.org/ns/r2rml-ext/functions/def/"
EWM = "https://w3id.org/earthweave/mapping#"
EWF = "https://w3id.org/earthweave/function#"
