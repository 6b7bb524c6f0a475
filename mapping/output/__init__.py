"""From chunks of statements to files: any syntax, packed, whole or not at all, each statement once, to any number of targets.

::

    chunks ──_kept (parts of a run that was cut off)──▶ _distinct ──▶ _file: lines, or _documents ──▶ _packing ──▶ part file ──▶ file
                                                            ╰── _targets: one such file per logical target
"""

from ._distinct import Distinct, distinct
from ._file import RdfFile, holds_graphs, write_rdf
from ._form import PACKINGS, SYNTAXES, Form, OutputLimits, form_of, named_packing, named_syntax
from ._kept import Kept, run_digest
from ._proof import proven_distinct
from ._targets import Written, target_forms, write_targets

__all__ = [
    "PACKINGS", "SYNTAXES", "Distinct", "Form", "Kept", "OutputLimits", "RdfFile", "Written", "distinct", "form_of", "holds_graphs",
    "named_packing", "named_syntax", "proven_distinct", "run_digest", "target_forms", "write_rdf", "write_targets",
]
