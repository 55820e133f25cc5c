"""How well the language room does, in the measures that its field uses."""
