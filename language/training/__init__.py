"""The commands that reproduce every shipped weight of the language room."""
