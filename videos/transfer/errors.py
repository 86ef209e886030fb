"""What goes wrong while work is taken out or brought in, in sentences for whoever runs the command."""


class TransferError(Exception):
    """The whole of it cannot be done. Its text is a sentence."""


class RowError(Exception):
    """One row or file cannot be taken over; the others go on. Its text is a sentence."""
