"""A whole blog on its way out: as one page to read, as JSON, and as the file that WordPress reads."""
