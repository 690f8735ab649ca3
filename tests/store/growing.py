"""How much a process of its own grows by while it makes containers, beside what they say they weigh."""

import subprocess
import sys

from kvik.build_info import is_compiled

SHARE_MAX = 0.15 if is_compiled() else 0.2
"""Weights are those of the compiled build; interpreted every object has a dict besides."""

PROGRAM = """
import sys
from kvik.machine import resident_bytes
{imports}
number_of_containers, count, size = [int(word) for word in sys.argv[1:]]
containers = [None] * number_of_containers
before = resident_bytes()
for place in range(number_of_containers):
    made = containers[place] = {make}
    for number in range(count):
        name = b"%0*d" % (size, number)
        {add}
print(sum([each.weight for each in containers]), resident_bytes() - before)
"""


def check(imports: str, make: str, add: str, containers: int, count: int, size: int) -> None:
    """Fail where the weight is not within SHARE_MAX of what the process grew by; `add` adds `name` to `made`."""
    program = PROGRAM.format(imports=imports, make=make, add=add)
    command = [sys.executable, "-c", program, str(containers), str(count), str(size)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    weight, grown = [int(word) for word in output.split()]
    each = f"{weight / containers:.0f} counted, {grown / containers:.0f} real"
    assert abs(weight - grown) < SHARE_MAX * grown, each
