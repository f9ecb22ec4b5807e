"""Where models lie: the Store, who holds what in it, its budget, its lock."""
