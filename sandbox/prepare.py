"""`python -m sandbox.prepare`: migrate, and seed the demo's people, shifts and catalogue, in one start of Django."""

import os


def main() -> None:
    """Prepare the database that the environment names; on what is prepared already it changes nothing."""
    os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")
    import django
    from django.core.management import call_command

    django.setup()  # the settings read the address above
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    call_command("seed_demo", skip_checks=True)


if __name__ == "__main__":
    main()
