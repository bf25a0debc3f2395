#include "events/envelope.hpp"

#include "json/stored.hpp"

#include <gravity/trace/context.hpp>

#include <charconv>

namespace gravity::events {
namespace {

struct Wire {
    std::string specversion;
    std::string id;
    std::string source;
    std::string type;
    std::string subject;
    Timestamp time;
    ProjectId project;
    std::string sequence;
    std::string epoch;
    std::optional<std::string> traceparent;
    Json data;
};
BOOST_DESCRIBE_STRUCT(Wire, (), (specversion, id, source, type, subject, time, project, sequence, epoch, traceparent, data))

} // namespace

Decoded decode_event(std::string_view text) {
    auto document = json::parse_stored(text, {.max_depth = 64, .max_values = 1'000'000});
    if (!document) throw Undecodable("not JSON: " + std::string(document.why()));
    Wire wire;
    meta::Errors errors;
    json::decode(*document, meta::mutable_ref(wire), errors, json::Unknown::ignore); // extensions of others are none of our business
    if (!errors.empty()) throw Undecodable("not one of our CloudEvents: " + errors.to_string());
    if (wire.specversion != "1.0") throw Undecodable("CloudEvents " + wire.specversion + " is not 1.0");
    Envelope envelope{wire.id, wire.source, wire.type, wire.subject, wire.time, wire.project, 0, wire.epoch, wire.traceparent.value_or("")};
    const auto [end, error] = std::from_chars(wire.sequence.data(), wire.sequence.data() + wire.sequence.size(), envelope.sequence);
    if (error != std::errc{} || end != wire.sequence.data() + wire.sequence.size()) throw Undecodable("its sequence is no number");
    if (!trace::parse_traceparent(envelope.traceparent)) envelope.traceparent.clear();
    return {std::move(envelope), std::move(wire.data)};
}

} // namespace gravity::events
