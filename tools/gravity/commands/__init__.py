"""One file per command: `add_arguments(parser)` and `run(arguments) -> exit code`; its docstring is its help."""
