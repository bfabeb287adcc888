"""Turns what a launch says into person, course, blog and role, and keeps the visit that a launch opened."""
