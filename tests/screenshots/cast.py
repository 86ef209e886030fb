"""Who is in the pictures."""

PASSWORD = "a long enough password"
