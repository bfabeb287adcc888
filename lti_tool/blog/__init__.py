"""Writing: posts and their threads. Knows nothing of grading, of the LMS or of HTTP."""
