"""The `./gravity` command: brings the platform up, tests it, and derives every file that the manifests determine."""
