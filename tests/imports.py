"""What a piece of Python imports and uses, read from its source: for the tests of floors and of public names."""

from __future__ import annotations

import ast
from importlib.util import resolve_name
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Imports(ast.NodeVisitor):
    """Lines and dotted names of all imports in a module, those inside functions included, those for annotations left out."""

    def __init__(self, package: str):
        self.package, self.found = package, []

    def visit_If(self, node: ast.If) -> None:
        typing_only = ast.unparse(node.test).endswith("TYPE_CHECKING")
        for each in node.orelse if typing_only else [node.test, *node.body, *node.orelse]:
            self.visit(each)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(node.lineno, alias.name) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        origin = resolve_name("." * node.level + (node.module or ""), self.package)
        self.found += [(node.lineno, f"{origin}.{alias.name}") for alias in node.names]

    def visit_Call(self, node: ast.Call) -> None:
        if ast.unparse(node.func).endswith("import_module") and isinstance(node.args[0], ast.Constant):
            self.found.append((node.lineno, resolve_name(node.args[0].value, self.package)))
        self.generic_visit(node)


def imports(source: str, package: str = "neurorec") -> list[tuple[int, str]]:
    visitor = Imports(package)
    visitor.visit(ast.parse(source))
    return visitor.found
