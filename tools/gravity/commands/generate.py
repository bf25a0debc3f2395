"""Derive every generated file from the manifests, and each openapi.json from its executable; with --check only compare, also the manifests'
settings with the executables'."""

from .. import checks, derive_secrets, drift, errors, generate, manifest, output, paths, sign_in, tokens
from ..generate import kubernetes_secrets


def add_arguments(parser):
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 on any difference (for CI)")
    parser.add_argument("--secrets", action="store_true", help="also write .env with random passwords for docker-compose, and var/secrets/kubernetes.yaml (kept if present)")
    parser.add_argument("--built", action="store_true", help="fail if a service is not built from what is here, so that nothing goes uncompared")
    parser.add_argument("--preset", default=None, help="compare with the executables of this preset (default: the newest build)")


def run(arguments) -> int:
    problems = checks.everything()
    if problems:
        for problem in problems:
            output.say(f"{output.mark('bad')} {problem}")
        return errors.FAILED
    # First what the executables say: the scopes that Compose's first client may ask for are those of the documents.
    drifted, unbuilt, written = drift.compare_all(arguments.preset, write=not arguments.check)
    wanted = generate.outputs()
    changes = generate.differences(wanted) if arguments.check else generate.write(wanted)
    for path, kind in changes:
        output.say(f"{output.mark('bad' if arguments.check else 'ok')} {path.relative_to(paths.ROOT).as_posix()} "
                   + (kind if arguments.check else {"missing": "made", "differs": "changed", "left over": "removed"}[kind]))
    if arguments.secrets and not arguments.check:
        write_secrets()
    for name in written:
        output.say(f"{output.mark('ok')} {name} written")
    for problem in drifted:
        output.say(f"{output.mark('bad')} {problem}")
    if unbuilt:
        output.say(f"{output.mark('bad' if arguments.built else 'warn')} not compared with their executables, because those are not built or older than the sources: {', '.join(unbuilt)}")
    if arguments.built and unbuilt:
        return errors.FAILED
    if drifted or (arguments.check and changes):
        output.say("The manifests and what is derived from them disagree"
                   + ("; run `./gravity generate`." if arguments.check and changes else "."))
        return errors.FAILED
    output.say(f"{len(wanted)} files {'are as the manifests say' if arguments.check else 'written or unchanged'}.")
    return errors.OK


def write_secrets() -> None:
    """Passwords for Compose and for a cluster, the same in both, and the first client and person of either."""
    instance = paths.main_instance()
    instance.secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    tokens.Identity(instance).ensure()  # its project is the one they begin in
    values = derive_secrets.write_compose_env(sign_in.compose_wanted(instance))
    text = kubernetes_secrets.development(manifest.load_all(), values)
    paths.write_private(instance.secrets_dir / "kubernetes.yaml", text)
    output.say(f"{output.mark('ok')} .env and var/secrets/kubernetes.yaml hold the passwords; neither belongs in git.")
