"""`python -m tests.proof`: break Groupdesk on purpose, and compare what is left with what should be there.

Exit status 0 when nothing was lost, doubled or wrong; with --without it is the other way round: 0 when the run noticed.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.proof.closing import close_run
from tests.proof.crew import clock_library
from tests.proof.faults import Faults
from tests.proof.run import Stage
from tests.proof.sabotage import SAFEGUARDS
from tests.proof.scenario import Scenario


def play(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """Play one scenario and return its report."""
    began = time.monotonic()
    stage = Stage(scenario, folder)
    try:
        load = stage.start()
        faults = Faults(stage)
        faults.run(load)
        stage.say("the load is taken; waiting until all is quiet")
        is_quiet = stage.settle()
        verdict = stage.judge()
        if not is_quiet:
            verdict.problems["it never became quiet"] = [str(stage.waiting())]
        waits = sorted(stage.driver.waits_s)
        return {
            "scenario": scenario.told(),
            "holds": verdict.holds,
            "problems": {name: {"count": len(found), "first": found[:5]} for name, found in verdict.problems.items()},
            "figures": dict(sorted(verdict.figures.items())),
            "faults": dict(faults.done),
            "edits_in_the_sheet": stage.sheet_desk.edits,
            "endings": dict(stage.crew.endings),
            "died_at": dict(sorted(stage.crew.died_at.items())),
            "webhooks": {"sent": len(stage.driver.sent), "accepted": stage.driver.accepted.total(),
                         "answers": {str(status): count for status, count in stage.driver.answers.items()},
                         "longest_wait_s": round(waits[-1], 1) if waits else 0.0},
            "longest_standstill_s": round(stage.longest_standstill_s, 1),
            "seconds": round(time.monotonic() - began, 1),
            "folder": str(folder),
        }  # fmt: skip
    finally:
        stage.close()


def tell(report: dict[str, Any]) -> str:
    """Return the report in a few lines."""
    scenario, figures = report["scenario"], report["figures"]
    lines = [
        (
            f"seed {scenario['seed']}: {report['webhooks']['sent']} webhooks, {figures['inputs']} inputs, "
            f"{figures['tickets']} tickets, {figures['rows']} rows, {figures['sends']} sends, {report['seconds']} s; "
            f"the longest time in which inputs waited and none was handled: {report['longest_standstill_s']} s"
        ),
        (
            f"  faults: {', '.join(f'{count} {kind}' for kind, count in report['faults'].items()) or 'none'}; "
            f"ends of processes: {', '.join(f'{count} {how}' for how, count in report['endings'].items()) or 'none'}"
        ),
    ]
    if report["died_at"]:
        lines.append(f"  died between two steps: {', '.join(f'{count} at {name}' for name, count in report['died_at'].items())}")
    for name, found in report["problems"].items():
        lines += [f"  {name}: {found['count']}", *(f"      {one}" for one in found["first"])]
    if scenario["without"]:
        lines.append(f"  without {scenario['without']}: {'noticed' if is_as_wanted(report) else 'NOT NOTICED'}")
    else:
        lines.append("  nothing lost, nothing twice, nothing wrong" if report["holds"] else "  IT DOES NOT HOLD")
    return "\n".join(lines)


def is_as_wanted(report: dict[str, Any]) -> bool:
    """Tell whether everything holds, or, where a safeguard was left out, whether just that was noticed."""
    safeguard = SAFEGUARDS.get(report["scenario"]["without"])
    return bool(report["holds"]) if safeguard is None else not safeguard.found_as.isdisjoint(report["problems"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    for field in dataclasses.fields(Scenario):
        option = "--" + field.name.replace("_", "-")
        if field.type == "bool":
            parser.add_argument(option, action="store_true")
        elif field.name == "without":
            parser.add_argument(option, default="", choices=["", *SAFEGUARDS])
        elif field.name in ("roles", "victims"):
            parser.add_argument(option, default=field.default, type=lambda text: tuple(text.split(",")))
        else:
            parser.add_argument(option, default=field.default, type=float if field.type == "float" else int)
    parser.add_argument("--json", type=Path, help="write the report here as JSON")
    parser.add_argument("--keep", action="store_true", help="keep topics, logs and files of a run that holds")
    asked = vars(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    into, keep = asked.pop("json"), asked.pop("keep")
    folder = Path(tempfile.mkdtemp(prefix="groupdesk-proof-"))
    scenario = Scenario(**asked)
    if scenario.clock_steps and not clock_library():
        print("Clocks are left alone: that needs libfaketime (apt-get install libfaketime).")  # noqa: T201 - for whoever waits
        scenario = scenario.but(clock_steps=0)
    report = play(scenario, folder)
    return close_run(tell(report), report, into, folder, is_well=is_as_wanted(report), keep=keep)


if __name__ == "__main__":
    sys.exit(main())
