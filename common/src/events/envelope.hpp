#pragma once

#include <gravity/events/received.hpp>

#include <string>
#include <string_view>

namespace gravity::events {

struct Decoded {
    Envelope envelope;
    Json data;
};
/// A CloudEvent 1.0 in JSON as our relay writes it. Throws Undecodable with one clause.
Decoded decode_event(std::string_view text);

} // namespace gravity::events
