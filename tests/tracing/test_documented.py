"""The worked example of the documentation runs."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_example_by_hand_is_right():
    text = (DOCS / "tracing.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL) if "trace_flows" in block]
    assert len(blocks) == 1
    assert blocks[0].count("assert") == 3
    exec(compile(blocks[0], "tracing.md", "exec"), {})  # noqa: S102 - our own page
