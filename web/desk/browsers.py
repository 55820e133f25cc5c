"""What a browser is called, so that its owner knows it again among their sign-ins."""

import re

# in this order: each of them also names itself after one of the later ones
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def name_of(user_agent: str) -> str:
    """``Firefox on Windows``; of an unfamiliar one nothing that it says about itself is kept."""
    browser = next((name for sign, name in BROWSERS if re.search(rf"\b{sign}(iOS|A)?/", user_agent)), "A browser")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser
