"""What the LMS should show, and getting it there. Knows scores, not how they came about nor how an LMS is called."""
