"""What may not pass the edge: scrubbing of text, judging of keys, path templates, pseudonyms.

Pure functions over text; they know the contract's names and nothing of functions, requests or storage.
"""

from telemetry_pipeline.privacy.cap import OVERFLOW, Cap
from telemetry_pipeline.privacy.keys import is_safe_key, is_sensitive_key
from telemetry_pipeline.privacy.pseudonyms import Pseudonymiser, is_full_length
from telemetry_pipeline.privacy.scrub import scrub
from telemetry_pipeline.privacy.templates import TemplateCap, path_template

__all__ = [
    "OVERFLOW",
    "Cap",
    "Pseudonymiser",
    "TemplateCap",
    "is_full_length",
    "is_safe_key",
    "is_sensitive_key",
    "path_template",
    "scrub",
]
