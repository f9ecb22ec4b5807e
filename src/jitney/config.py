"""Configuration: defaults < /etc/jitney.toml < ~/.config/jitney/config.toml < ./jitney.toml (project) < JITNEY_* < flags.

The only place that reads Jitney's own environment variables, besides facts/.
"""
