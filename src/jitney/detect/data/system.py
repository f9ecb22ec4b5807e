"""Debian packages (names of trixie) that Python packages need at run time and that their wheels do not
carry."""

from __future__ import annotations

PYTHON: dict[str, tuple[str, ...]] = {
    "nvidia-pytriton": ("libpython3.11",),  # of its stubs; on newer Pythons its NumPy has no wheels
    "soundfile": ("libsndfile1",), "librosa": ("libsndfile1",), "sounddevice": ("libportaudio2",),
    "pyaudio": ("libportaudio2",), "opencv-python": ("libgl1", "libglib2.0-0t64"),
    "opencv-contrib-python": ("libgl1", "libglib2.0-0t64"), "mediapipe": ("libgl1", "libglib2.0-0t64"),
    "ultralytics": ("libgl1", "libglib2.0-0t64"), "easyocr": ("libgl1", "libglib2.0-0t64"),
    "psycopg2": ("libpq5",), "psycopg": ("libpq5",), "mysqlclient": ("libmariadb3",), "pdf2image":
    ("poppler-utils",),
    "pydub": ("ffmpeg",), "openai-whisper": ("ffmpeg",), "ffmpeg-python": ("ffmpeg",), "moviepy": ("ffmpeg",),
    "yt-dlp": ("ffmpeg",), "pycairo": ("libcairo2",), "cairosvg": ("libcairo2",),
    "weasyprint": ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"), "pytesseract":
    ("tesseract-ocr",),
    "python-magic": ("libmagic1t64",), "pypandoc": ("pandoc",), "graphviz": ("graphviz",), "pygraphviz":
    ("libgraphviz-dev",),
    "pyttsx3": ("espeak-ng",), "kokoro": ("espeak-ng",), "llama-cpp-python": ("libgomp1",), "faiss-cpu": (),
    "lightgbm": ("libgomp1",), "xgboost": ("libgomp1",), "gitpython": ("git",), "pyzbar": ("libzbar0t64",),
    "pyperclip": ("xclip",), "python-ldap": ("libldap2",), "pyodbc": ("unixodbc",), "pymssql": ("libsybdb5",),
    "unstructured": ("libmagic1t64", "poppler-utils", "tesseract-ocr"), "gdal": ("libgdal36",),
}  # fmt: skip
"""Normalised distribution name → Debian packages."""
