# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "ctranslate2==4.8.5", "jinja2==3.1.6", "ray[serve]==2.60.0", "starlette==1.10.0", "tokenizers==0.23.1",
# ]
# ///
"""Ray Serve hosts a CTranslate2 model: the adapter's application is the ingress of a deployment with one replica.

One node on loopback, without a dashboard, its object store in /tmp (a box has 64 MiB of /dev/shm). A model that cannot be
loaded ends everything: Ray would start the replica again and again.
"""

import os
import signal
import sys
import time
from pathlib import Path
from tempfile import gettempdir
from typing import Any

os.environ |= {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE": "1",
    "RAY_DEDUP_LOGS": "0",
    "RAY_enable_open_telemetry": "0",
}

import ray
from adapter.app import end_process, make_app
from adapter.backend import Settings
from adapter.main import read_settings
from adapter.with_ctranslate2 import load
from ray import serve

FAILED = Path(gettempdir(), "jitney-failed")
STORE_BYTES = 80 << 20
AT_ONCE = 256
"""Requests that the replica has at a time; the adapter lets them wait their turn."""


def tell_failure(why: str) -> None:
    """From the replica to the process that started it all."""
    FAILED.with_suffix(".part").write_text(why, encoding="utf-8")
    FAILED.with_suffix(".part").rename(FAILED)


def serve_it(settings: Settings) -> None:
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        log_to_driver=True,
        _node_ip_address="127.0.0.1",
        _plasma_directory=gettempdir(),
    )
    serve.start(http_options=serve.HTTPOptions(host=settings.host, port=settings.port))

    def build() -> Any:
        return make_app(load, settings, tell_failure)

    @serve.deployment(
        name="model", num_replicas=1, max_ongoing_requests=AT_ONCE, ray_actor_options={"num_cpus": 0}
    )
    @serve.ingress(build)
    class Model:
        pass

    deployment: Any = Model
    serve.run(deployment.bind(), route_prefix="/", blocking=False)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    serve_it(read_settings())
    while not FAILED.exists():
        time.sleep(0.2)
    end_process(FAILED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
