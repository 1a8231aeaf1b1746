"""The one error of this package."""


class HostError(Exception):
    """The app cannot be served as it stands; the text says what is wrong, and what to do."""
