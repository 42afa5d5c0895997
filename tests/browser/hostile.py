"""Texts that people may write to harm whoever reads them; each names a host that must never be asked for anything."""

from __future__ import annotations

CANARY = "canary.invalid"
TEXTS = (
    f"<img src=x onerror=\"fetch('http://{CANARY}/1')\">",
    f"<script src=//{CANARY}/2></script><svg/onload=alert(1)>",
    f"![picture](http://{CANARY}/3.png) and [click](javascript:alert(document.domain))",
    f'[link](http://{CANARY}/4) <a href="http://{CANARY}/5" ping="http://{CANARY}/6">x</a>',
    f"<iframe src='http://{CANARY}/7'></iframe><object data=http://{CANARY}/8></object>",
    f"http://{CANARY}/9 www.{CANARY} someone@{CANARY}",
    "$$\\href{javascript:alert(1)}{x}$$ :material/delete: :red[danger] `code` # heading",
    "safe\u202etxt.exe\u202c \u2066hidden\u2069 \x1b]8;;http://x\x07bell \x00nul \ufeffbom",
    '=HYPERLINK("http://' + CANARY + '/10","open")',
    "</textarea></style></template>--><b onmouseover=alert(1)>bold",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} #{7*7}",
    "a" * 5_000,
    "ﷺ" * 200 + "\u0301" * 300,
)
