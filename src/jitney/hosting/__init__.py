"""A model's own road: from a reference to answers.

reference ─► Weights ─► choose ─► convert ─► the runtime's image ─► Hosted        prepare.py
Hosted ─► a box without network, ready or dead                                    running.py
   run, chat: asked through the leash, nothing listens on this machine             talk.py
   serve: a Unix socket each, the gateway on one port in front of them             served.py, watch.py
"""
