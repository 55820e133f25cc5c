"""Stub."""
from models.denials import AppealFacts
def appeal_letter(template: str, facts: AppealFacts) -> str:
    return template
