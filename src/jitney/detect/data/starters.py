"""First word of a start command → the language of the program that it starts."""

STARTERS: dict[str, str] = {
    "python": "python", "python3": "python", "gunicorn": "python", "uvicorn": "python", "hypercorn": "python",
    "daphne": "python", "flask": "python", "streamlit": "python", "celery": "python", "poetry": "python", "uv": "python",
    "pipenv": "python", "chainlit": "python", "fastapi": "python", "node": "javascript", "npm": "javascript",
    "npx": "javascript", "yarn": "javascript", "pnpm": "javascript", "bun": "javascript", "bunx": "javascript",
    "next": "javascript", "deno": "typescript", "ruby": "ruby", "bundle": "ruby", "rails": "ruby", "bin/rails": "ruby",
    "rake": "ruby", "puma": "ruby", "unicorn": "ruby", "rackup": "ruby", "php": "php", "heroku-php-apache2": "php",
    "heroku-php-nginx": "php", "vendor/bin/heroku-php-apache2": "php", "vendor/bin/heroku-php-nginx": "php", "java": "java",
    "mix": "elixir", "elixir": "elixir", "dotnet": "csharp", "perl": "perl", "plackup": "perl", "julia": "julia",
    "Rscript": "r", "sbt": "scala", "lein": "clojure", "swift": "swift",
}  # fmt: skip
"""Programs that belong to one language: `./server`, `sh` and `make` could start anything, and are not among them."""
