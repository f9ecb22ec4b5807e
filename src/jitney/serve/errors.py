"""What a client is told when its request is not answered, in the words of the API that it speaks."""

from __future__ import annotations

from typing import Any, Literal

Json = dict[str, Any]
Dialect = Literal["openai", "anthropic", "ollama"]

_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    502: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
}


class ApiError(Exception):
    """A request that is not answered. param: the field that is wrong; code: a word for programs."""

    def __init__(self, status: int, message: str, param: str = "", code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code


def bad(param: str, message: str) -> ApiError:
    """A 400 that names its field."""
    return ApiError(400, f"{param}: {message}", param)


def error_body(error: ApiError, dialect: Dialect) -> Json:
    if dialect == "ollama":
        return {"error": error.message}
    if dialect == "anthropic":
        kind = _ANTHROPIC_TYPES.get(
            error.status, "api_error" if error.status >= 500 else "invalid_request_error"
        )
        return {"type": "error", "error": {"type": kind, "message": error.message}}
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": error.message,
            "type": kind,
            "param": error.param or None,
            "code": error.code or None,
        }
    }
