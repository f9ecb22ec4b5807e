"""`--use-dockerfile` against the engine in memory: what is asked of it, what the image's words become."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jitney.config import Config
from jitney.detect.recipes.dockerfile import parse
from jitney.dockerfile import Own, is_dockerfile, locate, numbers, prepare_own, said, user_of
from jitney.engine.fake import FakeEngine
from jitney.engine.protocol import BuildRequest, ImageConfig
from jitney.errors import PlanError, UsageError
from jitney.road import Prepared, Wants
from jitney.source import Source

SAYS = ImageConfig(
    entrypoint=("/bin/say",),
    command=("one",),
    env=("A=b=c", "PATH=/opt"),
    workdir="/app",
    user="7",
    volumes=("/data",),
)


class Quiet:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    warn = progress = say

    def event(self, kind: str, /, **fields: object) -> None:
        """Nobody reads them here."""

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        yield


class Imaging(FakeEngine):
    """Every image it builds says SAYS, or what `says` is."""

    says = SAYS

    def image_config(self, ref: str) -> ImageConfig:
        return self.says


@pytest.fixture(autouse=True)
def home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def prepare(
    files: dict[str, str], *arguments: str, engine: Imaging | None = None, target: str = "", **args: str
) -> tuple[Prepared, Imaging, Quiet]:
    engine, quiet = engine or Imaging(), Quiet()
    engine.add_image("base:1")
    source = Source.from_mapping(dict(files), workdir="")
    own = Own(path=locate(source).path, folder="", args=args, target=target, arguments=arguments)
    found = prepare_own(own, source, Config(), engine, quiet, Wants(model=False))
    return found, engine, quiet


FILES = {
    "Dockerfile": "FROM base:1\nCOPY . /app\n",
    "main.py": "print(1)\n",
    "node_modules/x.js": "1",
    ".dockerignore": "*.log\n",
    "a.log": "1",
}


def test_the_image_says_how_it_is_run() -> None:
    found, _, _ = prepare(FILES)
    run, box = found.plan.run, found.plan.sandbox
    assert run.argv == ("/bin/say", "one")
    assert run.env["A"] == "b=c"
    assert run.env["PATH"] == "/opt"
    assert (run.workdir, box.user, box.network) == ("/app", "7:7", False)
    assert box.tmpfs["/data"] > 0
    assert box.tmpfs["/src"] == 0


def test_arguments_take_the_place_of_cmd() -> None:
    assert prepare(FILES, "two")[0].plan.run.argv == ("/bin/say",)


def test_the_context_is_dockers_own() -> None:
    _, engine, _ = prepare(FILES, A="b")
    request: BuildRequest = engine.builds[0]
    assert sorted(request.context) == [".dockerignore", "Dockerfile", "main.py", "node_modules/x.js"]
    assert request.dockerfile == FILES["Dockerfile"]
    assert request.args == {"A": "b"}
    assert request.labels == {"jitney": "image"}


def test_an_image_that_is_there_is_not_built_again_and_another_byte_is() -> None:
    engine = Imaging()
    engine.add_image("base:1")
    first = prepare(FILES, engine=engine)[0].tag
    engine.builds.clear()
    again = Source.from_mapping(dict(FILES), workdir="")
    found = prepare_own(locate(again), again, Config(), engine, Quiet(), Wants(model=False))
    assert (found.tag, engine.builds) == (first, [])
    assert prepare({**FILES, "main.py": "print(2)\n"})[0].tag != first
    assert prepare(FILES, A="c")[0].tag != first


def test_a_frontend_of_its_own_is_refused_and_dockers_is_the_engines() -> None:
    _, engine, quiet = prepare({"Dockerfile": "# a\n# syntax=docker/dockerfile:1.7\nFROM base:1\n"})
    assert engine.builds[0].dockerfile == "# a\n# syntax=docker/dockerfile:1.7\nFROM base:1\n"
    _, engine, quiet = prepare({"Dockerfile": "# syntax=docker/dockerfile:1.7\nFROM base:1\n"})
    assert engine.builds[0].dockerfile == "#\nFROM base:1\n"
    assert any("frontend" in line for line in quiet.lines)
    with pytest.raises(PlanError, match="frontend of its own"):
        prepare({"Dockerfile": "# syntax=somebody/else\nFROM base:1\n"})


REFUSED = [
    ("no image", "FROM nobody/has:1\n", "Dockerfile:1: nobody/has:1 is not on this engine"),
    ("no image to copy from", "FROM base:1\nCOPY --from=nobody/has:1 /a /b\n", "Dockerfile:2: nobody/has:1"),
    ("no FROM", "RUN x\n", "Dockerfile:1: RUN stands before FROM"),
]


@pytest.mark.parametrize(("name", "text", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_built_is_refused_with_its_line(name: str, text: str, words: str) -> None:
    with pytest.raises((PlanError, UsageError)) as caught:
        prepare({"Dockerfile": text})
    assert words in caught.value.message


def test_a_target_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no such stage"):
        prepare({"Dockerfile": "FROM base:1 AS one\n"}, target="two")
    assert parse("FROM base:1 AS one\nFROM nobody/has:1\n").images("one") == [("base:1", 1)]


def test_an_image_without_a_command_needs_arguments() -> None:
    engine = Imaging()
    engine.says = ImageConfig()
    with pytest.raises(PlanError, match="no CMD"):
        prepare(FILES, engine=engine)


def test_nobody_is_root_unless_it_is_said() -> None:
    usual = Config().user
    assert [user_of(user, Config()) for user in ("", "0:0", "root", "5", "5:6")] == [
        usual,
        usual,
        usual,
        "5:5",
        "5:6",
    ]
    assert user_of("5", Config(user="0:0")) == "0:0"


def test_what_is_not_honoured_is_said() -> None:
    image = ImageConfig(volumes=("/data",), ports=("80/tcp",), has_healthcheck=True)
    words = " ".join(said(image, "65532:65532"))
    assert all(word in words for word in ("root", "VOLUME /data", "EXPOSE 80/tcp", "HEALTHCHECK"))
    assert said(ImageConfig(user="5"), "5:5") == []


def test_a_name_of_a_user_is_its_numbers() -> None:
    passwd, group = "root:x:0:0:r:/root:/bin/sh\napp:x:10:20::/:/bin/sh\nbroken\n", "staff:x:50:\n"
    assert numbers("app", passwd, group) == "10:20"
    assert numbers("app:staff", passwd, group) == "10:50"
    assert numbers("10:7", passwd, group) == "10:7"
    with pytest.raises(PlanError):
        numbers("nobody", passwd, group)


def test_names_of_dockerfiles() -> None:
    assert all(map(is_dockerfile, ("Dockerfile", "Containerfile", "Dockerfile.gpu", "api.Dockerfile")))
    assert not any(map(is_dockerfile, ("dockerfile.py.bak~", "main.py", "MyDockerfile")))
    with pytest.raises(UsageError, match="no Dockerfile"):
        locate(Source.from_mapping({"a.py": "1"}, "a.py"))
