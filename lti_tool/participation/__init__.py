"""What a person did in a blog, and what it is worth."""
