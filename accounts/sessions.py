"""Ending sessions, so that a browser has to sign in again."""

from allauth.usersessions.models import UserSession

from accounts import subjects
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action


def sign_out_everywhere(user: User) -> int:
    """End all sessions of the person, on every device. Returns how many there were."""
    ended = end_sessions(user)
    if ended:
        record(Action.SESSIONS_ENDED, subjects.person(user), note=f"All: {ended}.")
    return ended


def end_sessions(user: User) -> int:
    """End all sessions as a part of something else, which is recorded. Returns how many there were."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)
