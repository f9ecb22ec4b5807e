"""What every model passes before it counts: scanners, signatures, templates, licences."""
