"""`monitor demo`: a bundled week of invented coverage through the real daemon, without network."""
