"""Small sound conversations with every vendor, for the fault matrix (see `http_kinds`)."""
