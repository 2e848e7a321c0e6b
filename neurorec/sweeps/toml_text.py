"""A sweep as TOML, which Python reads but does not write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from neurorec.sweeps.settings import NONE

BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(said: Mapping[str, Any]) -> str:
    """Sections of plain settings as a TOML document."""
    plain = {name: value for name, value in said.items() if not isinstance(value, Mapping)}
    tables = {name: value for name, value in said.items() if isinstance(value, Mapping)}
    parts = ["\n".join(_lines(plain)), *(f"[{_key(name)}]\n" + "\n".join(_lines(table)) for name, table in tables.items())]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(name)} = {_value(each)}" for name, each in table.items()]


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(_lines(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(NONE if value is None else value) if isinstance(value, str) or value is None else repr(value)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """As JSON writes it, whose escapes TOML knows; it escapes one character more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
