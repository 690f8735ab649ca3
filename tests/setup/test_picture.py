"""The picture of a session is drawn from the lines of a terminal."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.setup.checkouts import ROOT

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from workshop.picture import drawn
print(drawn(["-> get <a>", "", "1 & 2"], "telnet"))
"""


def test_every_line_is_drawn_below_the_one_before_as_it_is() -> None:
    drawn = subprocess.check_output([sys.executable, "-c", PROGRAM, str(ROOT / "tools")], text=True)
    texts = [element for element in ElementTree.fromstring(drawn) if element.tag.endswith("}text")]
    assert [text.text for text in texts] == ["telnet", "-> get <a>", "1 & 2"]
    first, second = [float(text.attrib["y"]) for text in texts[1:]]
    assert second - first == 2 * 19


def test_the_picture_in_the_documentation_is_whole() -> None:
    lines = [element.text or "" for element in ElementTree.parse(Path(ROOT / "docs/pictures/telnet.svg")).iter()]
    assert any(line.startswith("Welcome to kvik") for line in lines)
    assert lines[-1] == "Connection closed by foreign host."
