"""The addresses under which the code host answers: `api` for programs, `html` for people, `git` for git."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Links:
    address: str
    full_name: str

    @property
    def api(self) -> str:
        return f"{self.address}/github/api"

    @property
    def html(self) -> str:
        return f"{self.address}/github"

    @property
    def repo(self) -> str:
        return f"{self.api}/repos/{self.full_name}"

    @property
    def page(self) -> str:
        return f"{self.html}/{self.full_name}"

    @property
    def git(self) -> str:
        return f"{self.address}/github/git/{self.full_name}.git"
