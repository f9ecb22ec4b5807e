"""What the world is like: `collect` asks, `model` holds the answers."""
