"""The operations as the shim's C code knows them: `python -m tuicont.core.runtime.ops.header` writes operations.h.

The file is committed, as an isolated build of the package has nothing of this to make it with; a test says when it is
not current.
"""

from __future__ import annotations

import os
import re

from tuicont.core import native
from tuicont.core.runtime.ops import ALL

PATH = os.path.join(os.path.dirname(native.__file__), "shim", "operations.h")
_HEAD = """\
/* The operations of a plan by their numbers, with the fields of each in the order in which they are packed.
 * Made by `python -m tuicont.core.runtime.ops.header` (make native) from the classes there: change those. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

enum operation_code {
"""
_TAIL = """\
    OPERATION_CODES
};

#endif
"""


def constant(name: str) -> str:
    """`OP_MAKE_NODE` for MakeNode."""
    return "OP_" + re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def text() -> str:
    """The whole file."""
    lines = (
        f"    {constant(kind.__name__)} = {kind.code}, /* {', '.join(kind.__struct_fields__) or 'no fields'} */\n"
        for kind in ALL
    )
    return f"{_HEAD}{''.join(lines)}{_TAIL}"


if __name__ == "__main__":
    with open(PATH, "w", encoding="utf-8") as file:
        file.write(text())
