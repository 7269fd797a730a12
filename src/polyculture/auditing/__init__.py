"""How alike models are, how much of it is chance, and which few to keep: one question after the other."""

from polyculture.auditing.entry import audit
from polyculture.auditing.result import AuditResult

__all__ = ["AuditResult", "audit"]
