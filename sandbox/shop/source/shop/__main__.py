"""`python -m shop`: apply the migrations, then serve."""

from shop import database, server, settings


def main() -> None:
    database.migrate()
    server.serve(settings.PORT)


main()
