"""deploy/systemd: a unit per daemon for servers without containers, and a target for all."""

from ..manifest import Service
from . import facts
from .text import generated_from

TARGET = "gravity.target"


def files(services: dict[str, Service]) -> dict[str, str]:
    result = {f"deploy/systemd/{TARGET}": _target()}
    return result | {f"deploy/systemd/{service.executable}.service": unit(service) for service in services.values()}


def _target() -> str:
    return generated_from("the manifests") + """[Unit]
Description=All Gravity services of this host
After=network-online.target
Wants=network-online.target

[Install]
WantedBy=multi-user.target
"""


def unit(service: Service) -> str:
    """No order among services: each starts without its store and neighbours and becomes ready later."""
    state = f"StateDirectory=gravity/{service.name}\nEnvironment={service.store.disk}=/var/lib/gravity/{service.name}\n" if service.store.disk else ""
    return generated_from(f"{service.folder_name}/service.yaml") + f"""# Settings, with those of {service.folder_name}/.env.example, are in /etc/gravity/{service.name}.env (root only: it holds passwords).
[Unit]
Description={service.title} of Gravity
After=network-online.target postgresql.service redis-server.service
Wants=network-online.target
PartOf={TARGET}
StartLimitIntervalSec=300
StartLimitBurst=20

[Service]
Type=notify
NotifyAccess=main
WatchdogSec=30
EnvironmentFile=/etc/gravity/{service.name}.env
{state}ExecStart={facts.binary(service)}
Restart=on-failure
RestartSec=2
TimeoutStopSec={facts.GRACE}
KillMode=mixed
MemoryMax={facts.mebibytes(service.resources['memory_limit'])}M
LimitNOFILE=65536
DynamicUser=yes
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy={TARGET}
"""
