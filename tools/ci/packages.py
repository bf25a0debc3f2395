#!/usr/bin/env python3
"""Prints the Debian packages that building, testing, checking and running all of the platform takes: the common ones and every manifest's own."""

import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
common = yaml.safe_load((ROOT / "tools/gravity/data/packages.yaml").read_text())
names = {name for group in ("build", "test", "run", "generate", "clients", "check") for name in common[group]}
for pattern in ("discovery/service.yaml", "gateway/service.yaml", "services/*/service.yaml"):
    for path in ROOT.glob(pattern):
        for kind in yaml.safe_load(path.read_text()).get("packages", {}).values():
            names.update(kind)
print(" ".join(sorted(names)))
