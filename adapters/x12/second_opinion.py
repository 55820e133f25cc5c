"""What pyx12, which somebody else wrote, says against a file of ours."""


def second_opinion(text: str) -> tuple[str, ...]:
    raise NotImplementedError
