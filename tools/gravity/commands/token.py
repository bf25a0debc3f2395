"""Print an access token.

While the platform of `./gravity up` has auth, it is auth's: by client credentials of the client that `up` made, for its project.
Where that is not up and docker-compose's is, it is that one's auth that is asked. Without scopes it may do everything: read, write and admin of every collection.

    ./gravity token products:read

With --development it is signed by the development key (ES256, issuer gravity-dev), which the overlays/dev of Kubernetes and a
platform without auth believe; that is also what it is where no auth is up.

    ./gravity token products:read --development --ttl 300 --sub tester"""

import re

from .. import errors, paths, sign_in, tokens
from ..errors import Failure
from ..platform_run import Platform


def add_arguments(parser):
    parser.add_argument("scopes", nargs="*", metavar="scope", help="<collection>:<read|write|admin>")
    parser.add_argument("--development", action="store_true", help="sign it with the development key")
    parser.add_argument("--project", metavar="UUID", help="the project it is for (default: `default`, made at the first start); needs --development")
    parser.add_argument("--sub", metavar="S", help="who it stands for (default: developer); needs --development")
    parser.add_argument("--ttl", type=int, metavar="S", help=f"seconds it is valid ({tokens.LIFETIME_SECONDS}; negative: expired); needs --development")


def run(arguments) -> int:
    for scope in arguments.scopes:
        if not re.fullmatch(r"[\x21\x23-\x5B\x5D-\x7E]+", scope):  # RFC 6749 section 3.3
            raise Failure(f"`{scope}` is not a scope.", "For example products:read.", errors.USAGE)
    if arguments.project and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", arguments.project):
        raise Failure("--project takes a UUID in lower case.", code=errors.USAGE)
    instance = paths.main_instance()
    if not arguments.development and (ask := _auth(instance)):
        if arguments.project or arguments.sub or arguments.ttl is not None:
            raise Failure("For whom a token of auth is, and for how long, is for auth to say.",
                          "A client of your own: see services/auth/README.md. What a platform without auth believes: --development.", errors.USAGE)
        print(ask(arguments.scopes or None))
        return errors.OK
    identity = tokens.Identity(instance)
    ttl = tokens.LIFETIME_SECONDS if arguments.ttl is None else arguments.ttl
    print(identity.token(arguments.scopes or None, arguments.project, arguments.sub, ttl))
    return errors.OK


def _auth(instance):
    """What asks the auth of the platform that is up, by `./gravity up` or else by docker-compose; None where no auth is."""
    running = Platform(instance).running()
    if running:
        return (lambda scopes: sign_in.token(instance, scopes)) if sign_in.by_auth(instance) and "auth" in running else None
    return sign_in.compose_token if sign_in.by_compose() else None
