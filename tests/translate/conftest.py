from __future__ import annotations

import sys
from pathlib import Path

# The payloads are shared with the tests of the bridge.
sys.path.insert(0, str(Path(__file__).parent.parent / "corpus"))
