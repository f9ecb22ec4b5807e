"""Modules that come with Python, of whatever version."""

from __future__ import annotations

import sys

OF_PYTHON_2 = frozenset(
    "urllib2 urlparse ConfigParser StringIO cStringIO Queue httplib cPickle __builtin__ Tkinter tkMessageBox tkFileDialog "
    "HTMLParser BaseHTTPServer SimpleHTTPServer SocketServer Cookie cookielib xmlrpclib dummy_thread md5 "
    "sha robotparser anydbm UserDict UserList htmlentitydefs".split()
)
"""Modules that only Python 2 had."""
REMOVED = frozenset(
    "asynchat asyncore binhex distutils imp parser smtpd symbol formatter macpath aifc audioop cgi cgitb chunk crypt imghdr mailcap "
    "msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau telnetlib uu xdrlib lib2to3".split()
)
"""Once part of Python 3; what stands in for them is in python_implied.py."""
STDLIB = (
    sys.stdlib_module_names
    | REMOVED
    | {"__future__", "__main__", "tomllib", "compression", "annotationlib", "js", "pyodide"}
)
