"""Functions that mapping documents may call, by IRI, and expressions evaluated over a batch of rows, for both executors."""

from ._catalogue import FUNCTIONS
from ._evaluation import Arguments, Evaluation, Function, Text
from ._geometric import relation_name
from ._rows import Rows, Table

__all__ = ["FUNCTIONS", "Arguments", "Evaluation", "Function", "Rows", "Table", "Text", "relation_name"]
