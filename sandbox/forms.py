"""Reading the forms clients post: urlencoded ones, which is all that the neighbours' clients send."""

from urllib.parse import parse_qsl

from starlette.requests import Request


async def form_of(request: Request) -> dict[str, str]:
    """The fields of an urlencoded body; the last one counts where a name comes twice."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
