"""deploy/docker: one Dockerfile for every daemon, and one for each store. Read by the classic builder of engine 20.10 as well as by BuildKit,
hence no `RUN --mount`, no heredoc, no `# syntax=` line."""

from .. import manifest
from ..manifest import Service
from . import facts
from .text import generated_from

FOLDER = "deploy/docker"
INSTALL = "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
CLEAN = "rm -rf /var/lib/apt/lists/*"


def files(services: dict[str, Service]) -> dict[str, str]:
    common = manifest.common_packages()
    return {
        f"{FOLDER}/Dockerfile": _daemons(services, common),
        f"{FOLDER}/run-packages.txt": _run_packages(services),
        f"{FOLDER}/postgres/Dockerfile": _postgres(services),
        f"{FOLDER}/redis/Dockerfile": _redis(),
    }


def wrapped(packages: list[str]) -> str:
    """Package names as continued lines of a RUN."""
    lines, line = [], ""
    for name in packages:
        if len(line) + len(name) > 110:
            lines.append(line.strip())
            line = ""
        line += f" {name}"
    return " \\\n        ".join([*lines, line.strip()])


def _daemons(services: dict[str, Service], common: dict) -> str:
    build = list(dict.fromkeys([*common["build"], *(name for service in services.values() for name in service.build_packages)]))
    return generated_from("the manifests") + f"""#
#     docker build -f {FOLDER}/Dockerfile --build-arg SERVICE=<name> -t {facts.image('<name>')}:{facts.version()} .
#
# SERVICE is an argument and not a stage of its own, because the classic builder runs every stage above the one that is asked for:
# with a stage per service it would compile half the platform for one image. What all share is in stages that are built once.
ARG BASE_IMAGE=debian:12-slim

FROM ${{BASE_IMAGE}} AS toolchain
RUN {INSTALL} \\
        {wrapped(build)} \\
    && {CLEAN}
ENV LANG=C.UTF-8

FROM toolchain AS common
# Where compilations are kept outside of builds, for those who build often: a URL as ccache(1) takes it; without one everything is compiled.
ARG CCACHE_REMOTE_STORAGE
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake/ cmake/
COPY common/ common/
RUN cmake --preset release && cmake --build build/release --target gravity_common gravity_service_pch

FROM common AS build
ARG SERVICE
ARG CCACHE_REMOTE_STORAGE
COPY discovery/ discovery/
COPY gateway/ gateway/
COPY services/ services/
# Only the one that is asked for stays, so that no other service's sources can break or slow its build.
RUN test -n "${{SERVICE}}" || {{ echo 'give --build-arg SERVICE=<name>' >&2; exit 1; }}; \\
    for folder in discovery gateway services/*; do test "${{folder##*/}}" = "${{SERVICE}}" || rm -rf "${{folder}}"; done \\
    && cmake --preset release && cmake --build build/release --target "gravity-${{SERVICE}}" \\
    && mkdir -p /out && objcopy --strip-debug "build/release/bin/gravity-${{SERVICE}}" "/out/gravity-${{SERVICE}}"

{_runtime(common)}
FROM runtime AS service
ARG SERVICE
COPY {FOLDER}/run-packages.txt {FOLDER}/sbom.sh /usr/share/gravity/
RUN packages=$(sed -n "s/^${{SERVICE}}: *//p" /usr/share/gravity/run-packages.txt) \\
    && {{ test -z "${{packages}}" || {{ {INSTALL} ${{packages}} && {CLEAN}; }}; }} \\
    && sh /usr/share/gravity/sbom.sh "gravity-${{SERVICE}}" {facts.version()} > /usr/share/gravity/sbom.spdx
COPY --from=build /out/ /usr/bin/
# Fails here, and not at the first start, if a shared library is missing. The link gives every image the same entry point.
RUN ln -s "gravity-${{SERVICE}}" /usr/bin/gravity && "gravity-${{SERVICE}}" --version
{_entry('gravity-${SERVICE}')}"""


def _runtime(common: dict) -> str:
    return f"""FROM ${{BASE_IMAGE}} AS runtime
RUN {INSTALL} \\
        {wrapped(common['image'])} \\
    && {CLEAN} \\
    && groupadd --gid {facts.USER} gravity && useradd --uid {facts.USER} --gid gravity --no-create-home --home-dir / --shell /usr/sbin/nologin gravity \\
    && mkdir {facts.DISK} && chown gravity:gravity {facts.DISK}
"""


def _entry(name: str) -> str:
    """How an image of this name starts, and as whom; the same for all."""
    return f"""LABEL org.opencontainers.image.title="{name}" \\
      org.opencontainers.image.version="{facts.version()}" \\
      org.opencontainers.image.licenses="MIT"
USER {facts.USER}:{facts.USER}
ENV LISTEN_ADDRESS=0.0.0.0
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["/usr/bin/gravity", "--health"]
ENTRYPOINT ["/usr/bin/gravity"]
"""


def standalone(service: Service) -> str:
    """The Dockerfile of a repository that holds one service only (`./gravity export`)."""
    common = manifest.common_packages()
    build = list(dict.fromkeys([*common["build"], *service.build_packages]))
    return f"""#     docker build -t {facts.image(service.name)}:{facts.version()} .
ARG BASE_IMAGE=debian:12-slim

FROM ${{BASE_IMAGE}} AS build
RUN {INSTALL} \\
        {wrapped(build)} \\
    && {CLEAN}
ENV LANG=C.UTF-8
# Where compilations are kept outside of builds, for those who build often: a URL as ccache(1) takes it; without one everything is compiled.
ARG CCACHE_REMOTE_STORAGE
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json VERSION ./
COPY third_party/ third_party/
RUN cmake --preset release && cmake --build build/release --target gravity_common gravity_service_pch
COPY . .
RUN cmake --preset release && cmake --build build/release --target {service.executable} \\
    && mkdir -p /out && objcopy --strip-debug build/release/bin/{service.executable} /out/{service.executable}

{_runtime({**common, "image": [*common["image"], *service.run_packages]})}
COPY deploy/docker/sbom.sh /usr/share/gravity/
RUN sh /usr/share/gravity/sbom.sh {service.executable} {facts.version()} > /usr/share/gravity/sbom.spdx
COPY --from=build /out/ /usr/bin/
# Fails here, and not at the first start, if a shared library is missing.
RUN ln -s {service.executable} /usr/bin/gravity && {service.executable} --version
{_entry(service.executable)}"""


def _run_packages(services: dict[str, Service]) -> str:
    text = generated_from("the manifests") + "# Debian packages that an image needs beside those of all daemons.\n"
    return text + "".join(f"{s.name}: {' '.join(s.run_packages)}\n" for s in services.values() if s.run_packages)


def _postgres(services: dict[str, Service]) -> str:
    return generated_from("the manifests") + f"""# PostgreSQL as Debian has it, the version that the tests run on, with the databases of the services.
ARG BASE_IMAGE=debian:12-slim
FROM ${{BASE_IMAGE}}
# The number is fixed, because volumes remember it. No cluster is made while installing: the entry point makes one on the volume.
RUN groupadd --gid {facts.USER + 1} postgres \\
    && useradd --uid {facts.USER + 1} --gid postgres --no-create-home --home-dir /var/lib/postgresql --shell /bin/sh postgres \\
    && mkdir -p /etc/postgresql-common/createcluster.d \\
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/gravity.conf \\
    && {INSTALL} \\
        {wrapped(store_packages(services))} \\
    && {CLEAN} \\
    && mkdir -p /var/lib/postgresql/data /run/postgresql && chown postgres:postgres /var/lib/postgresql/data /run/postgresql
COPY tools/gravity/data/database.sql /usr/share/gravity/
COPY {FOLDER}/postgres/entrypoint.sh /usr/local/bin/
USER {facts.USER + 1}:{facts.USER + 1}
VOLUME /var/lib/postgresql/data
EXPOSE 5432
# Fast shutdown: clients are cut, data is checkpointed.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=10 CMD ["pg_isready", "-q", "-h", "127.0.0.1", "-p", "5432"]
ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]
"""


def store_packages(services: dict[str, Service]) -> list[str]:
    """PostgreSQL with the extensions that manifests name and that are not in its contrib modules."""
    packages = manifest.read_yaml(manifest.DATA / "extensions.yaml")
    extensions = {name for service in services.values() for name in service.store.extensions}
    return ["postgresql", *dict.fromkeys(packages[name] for name in sorted(extensions) if name in packages)]


def _redis() -> str:
    return generated_from("the manifests") + f"""# Redis as Debian has it, with one user per service.
ARG BASE_IMAGE=debian:12-slim
FROM ${{BASE_IMAGE}}
RUN groupadd --gid {facts.USER + 2} redis \\
    && useradd --uid {facts.USER + 2} --gid redis --no-create-home --home-dir /var/lib/redis --shell /usr/sbin/nologin redis \\
    && {INSTALL} redis-server \\
    && {CLEAN} \\
    && mkdir -p /var/lib/redis /run/redis && chown redis:redis /var/lib/redis /run/redis
COPY {FOLDER}/redis/entrypoint.sh /usr/local/bin/
USER {facts.USER + 2}:{facts.USER + 2}
VOLUME /var/lib/redis
EXPOSE 6379
# Any password does: this user may PING and nothing else.
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=10 \\
    CMD ["redis-cli", "-e", "--user", "health", "--pass", "none", "--no-auth-warning", "ping"]
ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]
"""
