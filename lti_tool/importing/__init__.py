"""Posts from elsewhere: reading a file, matching its names to people of the course, and storing what was approved."""
