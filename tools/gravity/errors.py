"""The one exception a user is meant to see, and the exit codes, which are part of the command's interface."""

OK = 0
FAILED = 1
USAGE = 2
UNFIT = 3  # the machine lacks something: a package, memory, a free port
NOT_READY = 4  # started, but not ready in time


class Failure(Exception):
    """Ends the command with one clear message, a remedy where one is known, and a stable exit code."""

    def __init__(self, message: str, remedy: str | None = None, code: int = FAILED):
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code
