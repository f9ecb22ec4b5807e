"""What lies in TorchServe's archive: it finds the adapter on the worker's path."""

from adapter.torchserve_model import Model

_model = Model()


def handle(data, context):  # type: ignore[no-untyped-def]  # TorchServe's own form
    return _model.handle(data, context)
