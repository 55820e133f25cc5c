"""The register of automated steps: one entry for each, by the name under which it runs; what people do by hand, too."""

from models.automated_steps import AutomatedStep, StepByHand
from models.step_register import claims, follow_up, notes, practice, referral, scheduling
from models.step_register.by_hand import BY_HAND

STEPS: tuple[AutomatedStep, ...] = (
    *referral.STEPS,
    *notes.STEPS,
    *claims.STEPS,
    *follow_up.STEPS,
    *scheduling.STEPS,
    *practice.STEPS,
)
BY_NAME: dict[str, AutomatedStep] = {step.name: step for step in STEPS}

__all__ = ["BY_HAND", "BY_NAME", "STEPS", "AutomatedStep", "StepByHand"]
