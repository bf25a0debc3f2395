"""Print an access token of the development identity (ES256, for AUTH_ISSUER gravity-dev).

Without scopes it may do everything: read, write and admin of every collection.

    ./gravity token products:read --ttl 300 --sub tester"""

import re

from .. import errors, paths, tokens
from ..errors import Failure


def add_arguments(parser):
    parser.add_argument("scopes", nargs="*", metavar="scope", help="<collection>:<read|write|admin>")
    parser.add_argument("--project", metavar="UUID", help="the project it is for (default: `default`, made at the first start)")
    parser.add_argument("--sub", metavar="S", help="who it stands for (default: developer)")
    parser.add_argument("--ttl", type=int, default=tokens.LIFETIME_SECONDS, metavar="S", help="seconds it is valid (%(default)s; negative: expired)")


def run(arguments) -> int:
    for scope in arguments.scopes:
        if not re.fullmatch(r"[\x21\x23-\x5B\x5D-\x7E]+", scope):  # RFC 6749 section 3.3
            raise Failure(f"`{scope}` is not a scope.", "For example products:read.", errors.USAGE)
    if arguments.project and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", arguments.project):
        raise Failure("--project takes a UUID in lower case.", code=errors.USAGE)
    identity = tokens.Identity(paths.main_instance())
    print(identity.token(arguments.scopes or None, arguments.project, arguments.sub, arguments.ttl))
    return errors.OK
