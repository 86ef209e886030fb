"""The password of every user in the screenshots."""

PASSWORD = "a long enough password"
