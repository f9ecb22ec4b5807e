"""Web sites and their tools: what starts one whose manifest has no start script, and which scripts are a page's own.

A site that is built is started by the server that its tool brings. A folder of pages alone has no program in it: what is in
them runs in a browser.
"""

from __future__ import annotations

import re

import msgspec

from jitney.detect.node.manifest import Project
from jitney.source import Source
from jitney.source.paths import join, parent, parents

MOST_PAGES = 20
"""That are read: a folder of more is a book, and its scripts are all the same."""

SCRIPTS = ("serve", "preview")
"""Scripts that serve what was built, by the habit of the tools' own templates."""


class Site(msgspec.Struct, frozen=True):
    """package: named in the manifest; start: what serves its build, `node FILE` where that is a server of its own; build: what
    makes it where the manifest has no script for that, empty: nothing has to. with_page: it is a site only where an index.html
    lies beside, for such a tool builds libraries and servers as well; of_docs: only where the manifest names no `main` and no
    `bin`, for such a tool writes a library's documents."""

    package: str
    start: str
    build: str = ""
    with_page: bool = False
    of_docs: bool = False


SITES: tuple[Site, ...] = (
    # Servers that an adapter makes come before the tools that bring it.
    Site("@sveltejs/adapter-node", "node build/index.js", "vite build"),
    Site("@astrojs/node", "node dist/server/entry.mjs", "astro build"),
    Site("@remix-run/serve", "remix-serve build/server/index.js", "remix vite:build"),
    Site("@react-router/serve", "react-router-serve build/server/index.js", "react-router build"),
    Site("next", "next start", "next build"),
    Site("nuxt", "node .output/server/index.mjs", "nuxt build"),
    Site("@tanstack/react-start", "vite preview", "vite build"),
    Site("@tanstack/solid-start", "vite preview", "vite build"),
    Site("@solidjs/start", "vinxi start", "vinxi build"),
    Site("astro", "astro preview", "astro build"),
    Site("@sveltejs/kit", "vite preview", "vite build"),
    Site("@qwik.dev/router", "vite preview", "vite build"),
    Site("@builder.io/qwik-city", "vite preview", "vite build"),
    Site("gatsby", "gatsby serve", "gatsby build"),
    Site("@docusaurus/core", "docusaurus serve", "docusaurus build", of_docs=True),
    Site("vitepress", "vitepress preview", "vitepress build", of_docs=True),
    Site("@11ty/eleventy", "eleventy --serve", of_docs=True),
    Site("@slidev/cli", "slidev", of_docs=True),
    Site("react-scripts", "react-scripts start"),
    Site("@angular/cli", "ng serve"),
    Site("@vue/cli-service", "vue-cli-service serve"),
    Site("expo", "expo start --web"),
    Site("vite", "vite preview", "vite build", with_page=True),
    Site("parcel", "parcel index.html", with_page=True),
)

SERVES_BUILT: dict[str, tuple[str, ...]] = {
    "next": ("start",), "nuxt": ("preview", "start"), "nuxi": ("preview", "start"), "vite": ("preview",), "astro": ("preview",),
    "vinxi": ("start",), "gatsby": ("serve",), "docusaurus": ("serve",), "vitepress": ("preview",), "remix-serve": (),
    "react-router-serve": (), "srvx": (), "react-router": ("start",), "keystone": ("start",), "blitz": ("start",),
    "serve": (), "http-server": (), "sirv": (), "strapi": ("start",), "payload": ("start",), "medusa": ("start",), "nest": ("start",), "mastra": ("start",),
}  # fmt: skip
"""Tools that serve what their build made → the word that says so; none: always."""


SERVERS = {"serve": "serve", "http-server": "http-server", "sirv": "sirv-cli", "live-server": "live-server"}
"""Servers of files that scripts take for granted → the package that has to be declared for them to be there."""


def serves_built(tool: tuple[str, ...]) -> bool:
    words = SERVES_BUILT.get(tool[0]) if tool else None
    return words is not None and (not words or tool[1:2] in [(word,) for word in words])


def site_of(source: Source, project: Project) -> Site | None:
    """The site that a package is, by what it depends on itself."""
    named = project.own_dependencies()
    has_page = source.has(f"{project.folder}/index.html".lstrip("/"))
    is_library = any(project.own.get(field) for field in ("main", "module", "exports", "bin"))
    fitting = (one for one in SITES if one.package in named)
    return next(
        (one for one in fitting if (has_page or not one.with_page) and not (one.of_docs and is_library)), None
    )


def page_scripts(source: Source, folder: str) -> dict[str, str]:
    """Scripts that the pages of a folder load: script → page. `/x.js` is looked for from the page up, for the root of a site
    may be any folder above, and in the folder itself."""
    pages = [path for path in source.files(folder) if path.endswith((".html", ".htm"))]
    found: dict[str, str] = {}
    for page in sorted(pages, key=lambda path: path.count("/"))[:MOST_PAGES]:
        for loaded in _loaded(source.read_text(page)):
            above = parents(parent(page)) if loaded.startswith("/") else [parent(page)]
            for place in (join(at, loaded.lstrip("/")) for at in above):
                if place is not None and source.has(place):
                    found.setdefault(place, page)
    return found


def _loaded(text: str) -> list[str]:
    if "<script" not in text.lower():
        return []
    from html.parser import HTMLParser  # only where a page lies beside a program

    sources: list[str] = []

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "script":
                sources.extend(value for name, value in attrs if name == "src" and value)

    Page().feed(text)
    return [re.split(r"[?#]", source)[0] for source in sources if "://" not in source]
