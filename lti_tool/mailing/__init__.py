"""One e-mail a day at most to whoever wants it: what is new for them, and what they owe."""
