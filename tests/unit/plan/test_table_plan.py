"""Plans of languages that are tables: versions, stages, what the last one gets."""

from __future__ import annotations

import pytest

from jitney.config import Config
from jitney.detect import detect
from jitney.detect.model import Wishes
from jitney.errors import PlanError
from jitney.facts.model import EngineFacts, Facts
from jitney.plan import Taken, make_plan
from jitney.plan.model import Lock, Plan
from jitney.plan.table_version import fits
from jitney.render import render_dockerfile
from jitney.source import Source

FACTS = Facts(engine=EngineFacts(name="docker", version="20.10", buildkit=True, arch="amd64"))


def plan(
    files: dict[str, str | bytes], entry: str, config: Config | None = None, lock: Lock | None = None
) -> Plan:
    config = config or Config()
    wishes = Wishes(language=config.language, version=config.version)
    detection = detect(Source.from_mapping(files, entry), wishes)
    return make_plan(detection, FACTS, config, lock or Lock(), None, Taken(digest="sha256:0"))


@pytest.mark.parametrize(
    ("version", "wanted", "is_fit"),
    [
        ("3.3", "3.3.6", True), ("3.3", "3", True), ("3.3", "4.0.6", False), ("3.3", ">= 3.2.0", True),
        ("3.3", "~> 3.2", True), ("3.3", "~> 3.2.1", False), ("8.4", "^8.1 || ^9.0", True), ("8.4", "^7.4", False),
        ("8.4", ">=8.1 <8.5", True), ("5", "5.2.37", True), ("2024.09", "2024.09", True), ("3.3", "", True),
    ],
)  # fmt: skip
def test_versions(version: str, wanted: str, is_fit: bool) -> None:
    assert fits(version, wanted) is is_fit


def test_a_version_that_another_provider_has_is_named() -> None:
    with pytest.raises(PlanError, match=r"Ruby 3\.4 was asked for; the debian provider has 3\.3") as caught:
        plan({"a.rb": "puts 1\n"}, "a.rb", Config(version="3.4", base_provider="debian"))
    assert "`--base-provider registry` has it: 3.4" in caught.value.hint


def test_a_language_that_only_a_registry_has() -> None:
    with pytest.raises(PlanError, match="this is a Julia program; the debian provider has none") as caught:
        plan({"a.jl": "println(1)\n"}, "a.jl", Config(base_provider="debian"))
    assert "--base-provider registry" in caught.value.hint
    made = plan({"a.jl": "println(1)\n"}, "a.jl", Config(base_provider="registry"))
    assert made.build.stages[-1].base.key.startswith("registry/julia:")


@pytest.mark.parametrize(
    ("pin", "required", "taken"), [("3.1.2", "", True), ("4.0.6", ">= 3.2", True), ("4.0.6", "", False)]
)
def test_a_pin_of_the_authors_own(pin: str, required: str, taken: bool) -> None:
    files: dict[str, str | bytes] = {"a.rb": "puts 1\n", ".ruby-version": pin}
    if required:
        files["x.gemspec"] = f's.required_ruby_version = "{required}"'
    config = Config(base_provider="debian")
    if not taken:
        with pytest.raises(PlanError):
            plan(files, "a.rb", config)
        return
    made = plan(files, "a.rb", config)
    assert made.version == "3.3" and [finding.code for finding in made.findings] == ["table.version"]


def test_packages_of_imports_are_installed_at_the_versions_of_the_lock() -> None:
    made = plan(
        {"a.lua": "local json = require('dkjson')\n"},
        "a.lua",
        lock=Lock(packages="lua-dkjson=2.8-1\nlua-lpeg=1.1.0-2\n"),
    )
    assert made.build.files["pins"].startswith(
        "Package: lua-dkjson\nPin: version 2.8-1\nPin-Priority: 1001\n"
    )
    dockerfile = render_dockerfile(made.build, FACTS.engine)
    assert '["/bin/sh", "/dev/jitney/apt.sh", "lua-dkjson"]' in dockerfile
    assert dockerfile.rstrip().endswith("USER 65532:65532") and not made.build.source


def test_a_compiled_program_gets_the_libraries_that_the_run_base_lacks() -> None:
    made = plan({"sub/a.pas": "program A;\nbegin end.\n"}, "sub/a.pas", Config(base_provider="debian"))
    dockerfile = render_dockerfile(made.build, FACTS.engine)
    assert made.build.stages[-1].base.key == "debian/debian:13-run"
    assert "libs.sh" in dockerfile and 'COPY --from=build ["/app/", "/app/"]' in dockerfile
    assert "WORKDIR /build/sub" in dockerfile and '"fpc"' in dockerfile
    assert made.run.argv == ("/app/program",) and made.run.env["LD_LIBRARY_PATH"] == "/app/lib"


def test_modules_of_the_checkout_are_on_the_path() -> None:
    made = plan({"bin/a.lua": "require('tool.x')\n", "src/tool/x.lua": "return 1\n"}, "bin/a.lua")
    assert made.run.env["LUA_PATH"] == "/src/src/?.lua;/src/src/?/init.lua;;"
    assert made.run.workdir == "/src/bin" and made.run.argv == ("lua", "a.lua")
