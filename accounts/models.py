"""Who may come in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who makes videos. Staff also see the operator's desk (Django admin)."""
