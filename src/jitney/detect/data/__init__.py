"""Tables: what is known about packages. Literals, since reading a data file costs more than importing a
module."""
