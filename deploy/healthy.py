"""Health check of a container: exit status 0 while its role works. Those without HTTP are asked about at the bridge."""

# ruff: noqa: INP001 -- a script of its own, in no package
from __future__ import annotations

import json
import os
import sys
import urllib.request

_OWN_PAGES = {"bridge": "http://127.0.0.1:3000/readyz", "dashboard": "http://127.0.0.1:8501/_stcore/health"}


def main(role: str) -> int:
    """Return 0 when the role works, fully or degraded; prints what the role says, for `inspect`."""
    page = _OWN_PAGES.get(role)
    if page is not None:
        with urllib.request.urlopen(page, timeout=3) as answer:  # noqa: S310 -- one of the two above
            return 0 if answer.status == 200 else 1
    bridge = os.environ.get("BRIDGE_HOST", "bridge")
    with urllib.request.urlopen(f"http://{bridge}:3000/webhook/cs-tickets", timeout=3) as answer:
        part = json.load(answer)["parts"].get(role, {"status": "down", "detail": "no sign of life"})
    sys.stdout.write(f"{part['status']}: {part['detail']}\n")
    return 0 if part["status"] != "down" and "is not running" not in part["detail"] else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
