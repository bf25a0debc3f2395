"""Small helpers that all generators share."""

import json

import yaml


def generated_from(what: str, comment: str = "#") -> str:
    """The first line of every derived file. `comment` is a prefix, or `<!--` for Markdown."""
    line = f"generated from {what} by `./gravity generate`; do not edit"
    return f"<!-- {line} -->\n" if comment == "<!--" else f"{comment} {line}\n"


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key and never writes anchors: what people expect in these files."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data):
        return True


def _string(dumper, text):
    # Quoted where a YAML 1.1 reader would see something else than a string (on, no, 22:22, 1e3), or many lines.
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    plain = dumper.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"
    doubtful = plain and text and text.replace(":", "").replace("_", "").isdigit()
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if doubtful or not plain else None)


_Dumper.add_representer(str, _string)


def to_yaml(*documents) -> str:
    """One or more YAML documents in the order of their keys."""
    parts = [yaml.dump(item, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=140)
             for item in documents]
    return "---\n".join(parts)


def to_json(value) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
