"""Errors that a user can mend; the command line prints each as one line and exits with its code."""


class BitBeatError(Exception):
    """Base of all errors shown to a user as one line: what was wrong, where, what to do."""

    exit_code = 2


class UserError(BitBeatError):
    """Bad usage or bad input (exit code 2)."""

    exit_code = 2


class CheckFailed(BitBeatError):
    """A check ran and found a difference or a missed target (exit code 1)."""

    exit_code = 1


class DeviceError(BitBeatError):
    """A device does not answer, or is not the one this host was built for (exit code 3)."""

    exit_code = 3
