"""A class blog inside the LMS: launch by LTI 1.3, read and reply, grade, and keep the score in the gradebook."""
