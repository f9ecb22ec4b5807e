"""Where models come from: one module a kind of reference, and what they share to bring bytes."""
