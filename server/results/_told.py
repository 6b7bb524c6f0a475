"""What an answer tells besides its rows: notices and limits, in the body of every format that has room for them."""

from __future__ import annotations

from typing import Any

from earthweave.server.store import Answer


def told(answer: Answer) -> dict[str, Any]:
    """Notices, whether a limit cut the result, the limits that held, and seconds, as JSON data."""
    return {
        "notices": [{"code": notice.code, "text": notice.text} for notice in answer.notices],
        "truncated": answer.truncated, "seconds": round(answer.seconds, 4),
        "limits": {"rows": answer.limits.query_rows, "bytes": answer.limits.query_bytes, "seconds": answer.limits.query_deadline},
    }


def comment(answer: Answer) -> str:
    """The notices as an XML comment, empty if there are none; XML 1.0 §2.5 allows no two hyphens in it, and §2.2 few control characters."""
    lines = [f"{notice.code}: {notice.text}" for notice in answer.notices]
    text = "".join(c for c in "\n".join(lines).replace("-", "\u2010") if c == "\n" or (c >= " " and c not in "\ufffe\uffff"))
    return f"<!-- {text} -->\n" if text else ""


def remarks(answer: Answer) -> bytes:
    """The notices as comment lines of Turtle, TriG, N-Triples and N-Quads."""
    return "".join(f"# {' '.join(f'{notice.code}: {notice.text}'.split())}\n" for notice in answer.notices).encode()
