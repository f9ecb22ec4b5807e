"""What weights are: told by their bytes, gathered in folders, converted."""
