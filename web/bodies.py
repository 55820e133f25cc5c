"""Stops reading a request that is larger than its page allows."""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LargestBody:
    """Refuses a body over ``most(scope)`` bytes with 413: by its stated length, else as soon as that much came.

    The refusal is raised where the application reads the body, so that its own error page answers.
    """

    def __init__(self, app: ASGIApp, *, most: Callable[[Scope], int]) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.most(scope)
        stated, came = _stated_length(scope), 0

        async def receive_up_to_most() -> Message:
            nonlocal came
            if stated > most:
                raise HTTPException(413)
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_up_to_most, send)


def _stated_length(scope: Scope) -> int:
    """What the request says of its length in bytes; 0 where it says nothing that can be read."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 20:
            return int(value)
    return 0
