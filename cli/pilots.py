"""The commands about pilots: which there are and what their looks say, one more look, an end."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli import login
from models.errors import NotAllowed
from models.operational import Staff

PilotId = Annotated[str, typer.Argument(help="Such as PI-1f0c…; `countersign pilots list` shows them.")]


def register(app: typer.Typer, console: Console) -> None:
    """Add the commands to the command line."""

    @app.command("list")
    def list_pilots(
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
    ) -> None:
        """Every pilot at your places: what is tried, since when, what is known."""
        rows = _rows(login.who_may_open("pilots"))
        if as_json:
            print(json.dumps(rows, indent=2))
            return
        shown = Table("pilot", "what", "state", "where", "looks", "known")
        for row in rows:
            shown.add_row(*(str(row[name]) for name in ("id", "kind", "state", "locations", "looks", "known")))
        console.print(shown)

    @app.command("look")
    def look(pilot: PilotId) -> None:
        """Take a look at a pilot now; as many as you like may be taken."""
        from acts import pilot_looks, pilots
        from adapters.operational_store import reading
        from models.columns import utc_now
        from web.desk import pilot_words

        me = login.who_may_open("look_at_pilot")
        with reading() as db:
            found, _ = pilots.one_pilot(db, pilot)
        _check_place(me, found.location_ids)
        made = pilot_looks.look_now(pilot, utc_now(), actor=me.id)
        if made is None:
            console.print(f"{pilot} does not run, so no look was taken.")
            return
        _, said = pilot_words.standing_of(found, pilot_looks.looks_of(pilot))
        console.print(f"Look {made.number}: {said}")

    @app.command("end")
    def end(pilot: PilotId) -> None:
        """End a pilot at once: from now on everybody has the present version."""
        from acts import pilots

        pilots.end(pilot, staff_id=login.who_may_open("end_pilot").id)
        console.print(f"{pilot} is ended.")


def _check_place(me: Staff, location_ids: list[str]) -> None:
    if not set(me.location_ids) & set(location_ids):
        raise NotAllowed("this pilot is at other locations")


def _rows(me: Staff) -> list[dict[str, Any]]:
    from acts import pilot_looks, pilots
    from web.desk import pilot_words

    rows = []
    for pilot, version in pilots.all_pilots(me.location_ids):
        looks = pilot_looks.looks_of(pilot.id)
        verdict, said = pilot_words.standing_of(pilot, looks)
        rows.append(
            {
                "id": pilot.id,
                "kind": pilot.kind.value,
                "version": version.digest,
                "mode": pilot.mode.value,
                "state": pilot_words.state(pilot),
                "locations": ", ".join(pilot.location_ids),
                "planned": pilot.planned_units,
                "looks": len(looks),
                "verdict": verdict.value,
                "known": said,
            }
        )
    return rows
