"""What files of settings beside a program say of its model: `.env`, `application.properties`, `config.yaml`, `appsettings.json` …

Only addresses under a name that says so, and names of models: no other value is kept, for secrets lie there too. Read line by
line, which every one of these formats allows; what is commented out does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from jitney.detect.addresses import role_of
from jitney.detect.code import At, Code
from jitney.detect.model import ModelUse
from jitney.detect.names import EMBEDS
from jitney.detect.syntax import IS_MODEL
from jitney.findings import Evidence
from jitney.source import Source
from jitney.source.paths import join

FILES = re.compile(
    r"\.env(?:\.local)?|application(?:-\w+)?\.(?:properties|ya?ml)|appsettings(?:\.Development)?\.json"
    r"|(?:[\w-]+[._-])?(?:config|settings)\.(?:ya?ml|toml|json|ini)"
)
"""Not `.env.example` nor the like: nobody's program reads them."""
FOLDERS = ("", "config", "src/main/resources")
MOST = 64 << 10
"""Characters of a file: more is data."""

_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?[\"']?([A-Za-z][\w.\-:]*?)[\"']?[ \t]*[:=][ \t]*[\"']?([^\s\"'#,]+)[\"']?,?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_MODEL = re.compile(r"(?i)(?:^|[._:-])(?:\w*_)?model(?:[_-]?(?:name|id))?$")


def settings(source: Source) -> Code:
    """Strings with the role of a model's place, and models; both empty where no such file lies there."""
    found = Code()
    if source.alone:
        return found
    for path in _files(source):
        for match in _LINE.finditer(source.read_text(path)[:MOST]):
            line = source.read_text(path).count("\n", 0, match.start(1)) + 1
            _note(match[1], match[2], At("", path, line), found)
    for kind in ("served", "embedding"):  # of several vendors' nobody says which one counts
        names = {use.name for use in found.models if use.kind == kind}
        found.models = [use for use in found.models if use.kind != kind or len(names) == 1]
    return found


def _files(source: Source) -> Iterator[str]:
    for folder in FOLDERS:
        place = join(source.workdir, folder) if folder else source.workdir
        names = source.folder(place)[0] if place is not None else ()
        yield from (f"{place}/{name}".lstrip("/") for name in names if FILES.fullmatch(name))


def _note(key: str, value: str, at: At, found: Code) -> None:
    role = role_of(value, f"{key}=")
    if role in ("base", "place") and "@" not in value:
        found.strings.append(At(value, at.file, at.line, role))
    elif (
        _MODEL.search(key)
        and IS_MODEL.fullmatch(value)
        and not re.fullmatch(r"(?i)true|false|none|null|yes|no|default", value)
    ):
        why = Evidence(rule="model.setting", decides="model", value=value, file=at.file, line=at.line)
        use = ModelUse(name=value, kind="served", why=why)
        embeds = bool(EMBEDS.search(key + value))
        found.models.append(msgspec.structs.replace(use, kind="embedding") if embeds else use)
