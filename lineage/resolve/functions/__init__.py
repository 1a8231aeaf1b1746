"""The functions of Data Factory's expression language, a row each."""

from lineage.resolve.functions._collections import COLLECTIONS
from lineage.resolve.functions._conversion import CONVERSION
from lineage.resolve.functions._dates import DATES
from lineage.resolve.functions._function import Function, Functions, Markup, Refused, text, weight
from lineage.resolve.functions._logic import LOGIC
from lineage.resolve.functions._math import MATH
from lineage.resolve.functions._text import TEXT

__all__ = ["FUNCTIONS", "Function", "Functions", "Markup", "Refused", "text", "weight"]

FUNCTIONS: Functions = dict(
    sorted({**COLLECTIONS, **CONVERSION, **DATES, **LOGIC, **MATH, **TEXT}.items())
)
