"""Accounts as GitHub shows them."""

from zlib import crc32

from sandbox.codehost.links import Links

Body = dict[str, object]
_LISTS = ("followers", "subscriptions", "orgs", "repos", "received_events")


def account_id(login: str) -> int:
    return crc32(login.encode())


def user(links: Links, login: str) -> Body:
    api = f"{links.api}/users/{login}"
    lists = {f"{name}_url".replace("orgs_", "organizations_"): f"{api}/{name}" for name in _LISTS}
    return {
        "login": login,
        "id": account_id(login),
        "node_id": f"U_{account_id(login)}",
        "avatar_url": f"{links.html}/{login}.png",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{links.html}/{login}",
        **lists,
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "events_url": f"{api}/events{{/privacy}}",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }
