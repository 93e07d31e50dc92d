"""The tutorial's contract and test are what they say."""

import re
import subprocess
import sys
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "docs" / "book" / "contracts-tutorial.md"
FILE = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)


def test_the_tutorials_files_pass(tmp_path: Path) -> None:
    files = FILE.findall(TUTORIAL.read_text())
    assert [name for name, _ in files] == ["tip_jar.py", "test_tip_jar.py"]
    for name, text in files:
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    outcome = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "4 passed" in outcome.stdout, outcome.stdout
