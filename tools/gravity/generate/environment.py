"""`.env.example` of every service: each setting with its default, meaning, and whether it must be given."""

from ..manifest import Service, Setting, applies, settings_of
from .text import generated_from


def files(services: dict[str, Service]) -> dict[str, str]:
    return {f"{service.folder_name}/.env.example": example(service) for service in services.values()}


def value_of(service: Service, item: Setting) -> str:
    if item.name == "PORT":
        return str(service.port)
    return item.default if item.default is not None else ""


def example(service: Service) -> str:
    text = generated_from("service.yaml")
    text += "# Settings are read from the environment. A commented line is the default; a line without # must be given.\n"
    for item in settings_of(service):
        if not applies(service, item):
            continue
        # A service whose store is Redis starts without its address, but never becomes ready.
        needed = item.required or item.when == "redis"
        notes = [item.type] + (["required"] if needed else [])
        text += f"\n# {item.doc} ({', '.join(notes)})\n"
        text += f"{'' if needed else '#'}{item.name}={value_of(service, item)}\n"
    return text
