"""The Rails front end: one migration, or a `schema.rb`, as neutral operations (assessment.md §2.4)."""

from collections.abc import Iterator

from incidents.assessment.migrations.operations import Op, Unreadable


def read(text: str, *, path: str) -> Iterator[Op]:
    """What runs forward, in order: `up`, else `change`. Unreadable where there is none, or no Ruby."""
    # Imported here: the parser of Ruby belongs to workers and commands.
    from incidents.assessment.migrations.rails.program import read_program
    from incidents.assessment.migrations.rails.ruby import parse
    from incidents.assessment.migrations.rails.walking import Walk, old_types

    try:
        program = read_program(parse(text))
        was = old_types(Walk(program, path), program)
        yield from list(Walk(program, path, was).run(program.forward))
    except RecursionError as depth:
        raise Unreadable("The file is nested too deeply to be followed.") from depth
