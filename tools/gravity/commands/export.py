"""Write one service out as a repository of its own, with the library, its tests, images, Kubernetes objects and a README.

It depends on nothing here any more: `./run test` and `./run up` there need only Debian's packages."""

from pathlib import Path

from .. import errors, exporter, manifest, output


def add_arguments(parser):
    parser.add_argument("service")
    parser.add_argument("dir", help="the new repository's folder, which must be absent or empty")
    parser.add_argument("--force", action="store_true", help="write into a folder that is not empty; files of other names stay")
    parser.add_argument("--git", action="store_true", help="git init, and one commit")
    parser.add_argument("--verify", action="store_true", help="build and test a copy of it elsewhere with an emptied environment")


def run(arguments) -> int:
    service = manifest.get(arguments.service)
    target = Path(arguments.dir).absolute()
    count = exporter.write(service, target, arguments.force)
    output.say(f"{output.mark('ok')} {target}: {count} files")
    if arguments.git:
        exporter.commit(service, target)
        output.say(f"{output.mark('ok')} committed")
    if arguments.verify:
        exporter.verify(target)
    return errors.OK
