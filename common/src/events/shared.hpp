#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

/// Events that every service may publish, known by what follows its name. They go to one stream more, for whoever hears them of all services, those
/// that are not written yet among them (decision 80): `gravity:events:{*}`. Usage, of which there may be much, goes to one of its own (decision 96), so that
/// it crowds out nothing else.
namespace gravity::events {

struct SharedEvent {
    std::string_view noun;
    std::string_view producer; // as it stands in the stream's name: of all of them
};
inline constexpr std::string_view any_service = "*";
inline constexpr std::array<SharedEvent, 4> shared_events{{{"erasure.completed", any_service},
                                                           {"export.completed", any_service},
                                                           {"project_data.deleted", any_service},
                                                           {"usage.recorded", "*.usage.recorded"}}};

/// Of "gravity.auth.erasure.completed" and of "gravity.*.erasure.completed"; null for a type that is no such one.
inline const SharedEvent* shared_event(std::string_view type) {
    constexpr std::string_view root = "gravity.";
    if (!type.starts_with(root)) return nullptr;
    const auto dot = type.find('.', root.size());
    if (dot == std::string_view::npos || dot == root.size()) return nullptr;
    const std::string_view noun = type.substr(dot + 1);
    const auto found = std::find_if(shared_events.begin(), shared_events.end(), [&](const SharedEvent& each) { return each.noun == noun; });
    return found == shared_events.end() ? nullptr : &*found;
}

/// "gravity.*.erasure.completed" for "gravity.auth.erasure.completed" and for itself; empty for a type that is no such one.
inline std::string shared_type(std::string_view type) {
    const SharedEvent* const event = shared_event(type);
    return event == nullptr ? std::string() : "gravity." + std::string(any_service) + '.' + std::string(event->noun);
}

/// Whether a producer is none: a stream of what all services publish.
inline bool is_shared(std::string_view producer) { return producer.starts_with(any_service); }

} // namespace gravity::events
