"""Which files a project carries without having written them: they say nothing of its language, and none of them is its program.

The rules are those of github-linguist/linguist, lib/linguist/vendor.yml (MIT, copyright GitHub, Inc.), read on 2026-11-21 at commit
00647be1: those for folders and for scripts. Left out: what matches no code (style sheets, `.gitignore` …), and `^tools/`, which a
program handed over as a folder may well be. Paths are relative to the program's own folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

ANYWHERE = frozenset({
    "cache", "dist", "node_modules", "bower_components", "third-party", "third_party", "thirdparty", "3rd-party", "3rd_party",
    "3rdparty", "vendor", "vendors", "Vendor", "extern", "external", "bootstrap-datepicker", "ace-builds", "MathJax", "admin_media",
    "env", "Sparkle", "Crashlytics.framework", "Fabric.framework", "extjs", ".google_apis",
})  # fmt: skip
"""Names of folders. Linguist matches some of them within a name too (`myvendor/`); here a whole name is meant."""

AT_THE_TOP = frozenset({
    "dependencies", "Dependencies", "deps", "debian", "Carthage", "Pods", "vignettes", "puphpet", "tests/fixtures", "test/fixtures",
    "Tests/fixtures", "Test/fixtures", "spec/fixtures", "specs/fixtures", "Spec/fixtures", "Specs/fixtures", "inst/extdata",
})  # fmt: skip
PAIRS = frozenset({
    "Godeps/_workspace", "tiny_mce/langs", "tiny_mce/plugins", "tiny_mce/themes", "tiny_mce/utils", "gradle/wrapper",
    *(f"{code}/{part}" for code in ("codemirror", "CodeMirror", "codeMirror") for part in ("lib", "mode", "theme", "addon", "keymap", "demo")),
    *(f"{docs}/{part}" for docs in ("doc", "docs") for part in ("_build", "build", "_themes", "themes", "_theme", "theme", "_templates",
                                                            "templates", "_template", "template", "_static", "static")),
})  # fmt: skip
"""A folder right in another."""

FILES: tuple[str, ...] = (
    r"(^|/)configure$", r"(^|/)config.guess$", r"(^|/)config.sub$", r"cpplint.py", r"^rebar$", r"erlang.mk", r"(\.|-)min\.js$",
    r"(^|/)bootstrap([^.]*)\.js$", r"(^|/)custom\.bootstrap(\S*)js$", r"run\.n$", r"(^|/)jquery([^.]*)\.js$",
    r"(^|/)jquery\-\d\.\d+(\.\d+)?\.js$", r"(^|/)jquery\-ui(\-\d\.\d+(\.\d+)?)?(\.\w+)?\.js$",
    r"(^|/)jquery\.(ui|effects)\.([^.]*)\.js$", r"jquery.fn.gantt.js", r"jquery.fancybox.js", r"fuelux.js",
    r"(^|/)jquery\.fileupload(-\w+)?\.js$", r"(^|/)slick\.\w+.js$", r"(^|/)Leaflet\.Coordinates-\d+\.\d+\.\d+\.src\.js$",
    r"leaflet.draw-src.js", r"Control.FullScreen.js", r"leaflet.spin.js", r"wicket-leaflet.js", r"(^|/)prototype(.*)\.js$",
    r"(^|/)effects\.js$", r"(^|/)controls\.js$", r"(^|/)dragdrop\.js$", r"\.d\.ts$", r"(^|/)mootools([^.]*)\d+\.\d+.\d+([^.]*)\.js$",
    r"(^|/)dojo\.js$", r"(^|/)MochiKit\.js$", r"(^|/)yahoo-([^.]*)\.js$", r"(^|/)yui([^.]*)\.js$", r"(^|/)ckeditor\.js$",
    r"(^|/)tiny_mce([^.]*)\.js$", r"(^|/)Chart\.js$", r"(^|/)shBrush([^.]*)\.js$", r"(^|/)shCore\.js$", r"(^|/)shLegacy\.js$",
    r"(^|/)angular([^.]*)\.js$", r"(^|/)d3(\.v\d+)?([^.]*)\.js$", r"(^|/)react(-[^.]*)?\.js$", r"(^|/)modernizr\-\d\.\d+(\.\d+)?\.js$",
    r"(^|/)modernizr\.custom\.\d+\.js$", r"(^|/)knockout-(\d+\.){3}(debug\.)?js$", r"^fabfile\.py$", r"^waf$", r"(^|/)gradlew$",
    r"(^|/)gradlew\.bat$", r"-vsdoc\.js$", r"\.intellisense\.js$", r"(^|/)jquery([^.]*)\.validate(\.unobtrusive)?\.js$",
    r"(^|/)jquery([^.]*)\.unobtrusive\-ajax\.js$", r"(^|/)[Mm]icrosoft([Mm]vc)?([Aa]jax|[Vv]alidation)(\.debug)?\.js$",
    r"(^|/)html5shiv\.js$", r"(^|/)cordova([^.]*)\.js$", r"(^|/)cordova\-\d\.\d(\.\d)?\.js$", r"foundation(\..*)?\.js$",
    r"(^|/)activator$", r"(^|/)activator\.bat$",
)  # fmt: skip

_BEGIN = ("jquery", "bootstrap", "custom.bootstrap", "fuelux", "slick.", "leaflet", "control.", "wicket", "prototype", "effects",
          "controls", "dragdrop", "mootools", "dojo", "mochikit", "yahoo-", "yui", "ckeditor", "tiny_mce", "chart", "sh", "angular", "d3",
          "react", "modernizr", "knockout", "microsoft", "html5shiv", "cordova", "foundation", "fabfile", "cpplint", "run.n",
          "erlang.mk", "configure", "config.", "rebar", "waf", "gradlew", "activator")  # fmt: skip
_END = ("min.js", ".d.ts", "-vsdoc.js", ".intellisense.js")
"""How names begin and end, in small letters, that FILES could match: the rest is not asked (100 µs a name)."""


def written(files: Iterable[str], workdir: str = "") -> tuple[str, ...]:
    """Those that the project wrote; all of them where that would be none."""
    listed = tuple(files)
    head = len(workdir) + 1 if workdir else 0
    folders: dict[str, bool] = {}
    kept = [path for path in listed if not _is_vendored(path[head:], folders)]
    return tuple(kept) or listed


def _is_vendored(path: str, folders: dict[str, bool]) -> bool:
    """folders: what is known of folders already: each is looked at once."""
    folder, _, file = path.rpartition("/")
    if folder:
        if folder not in folders:
            folders[folder] = _is_vendored_folder(folder)
        if folders[folder]:
            return True
    small = file.lower()
    return (small.startswith(_BEGIN) or small.endswith(_END)) and bool(_files().search(path))


def _is_vendored_folder(folder: str) -> bool:
    parts = folder.split("/")
    pairs = [f"{above}/{below}" for above, below in pairwise(parts)]
    return (
        parts[0] in AT_THE_TOP
        or not AT_THE_TOP.isdisjoint(pairs[:1])
        or not (ANYWHERE.isdisjoint(parts) and PAIRS.isdisjoint(pairs))
    )


@cache
def _files() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{rule})" for rule in FILES))
