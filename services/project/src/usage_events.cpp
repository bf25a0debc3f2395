#include "usage_events.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/http/message.hpp>

#include <utility>

namespace gravity::project {
namespace {

std::string media_type_of(std::string_view content_type) { return ascii::lower(ascii::trim(content_type.substr(0, content_type.find(';')))); }
bool is_json(const std::string& type) { return type.ends_with("/json") || type.ends_with("+json"); } // CloudEvents JSON format, section 3.1

Refusal malformed(std::string pointer, std::string detail, std::string in = {}) {
    return Refusal(problems::malformed).with_faults({{std::move(pointer), std::move(detail), std::move(in)}});
}

/// The attributes of an event, and how a fault points at them.
struct Attributes {
    const Json& members;
    std::string before; // of the pointer
    std::string in;
};

template <std::size_t Min>
std::string text_attribute(const Attributes& from, std::string_view name, bool required) {
    const Json* const value = from.members.find(name);
    const bool missing = value == nullptr || value->is_null();
    if (missing && !required) return {};
    if (missing) throw malformed(from.before + std::string(name), "is missing", from.in);
    if (!value->is_string()) throw malformed(from.before + std::string(name), "must be a text", from.in);
    const auto text = Text<Min, 256>::parse(value->as_string());
    if (!text) throw malformed(from.before + std::string(name), text.why(), from.in);
    return text->str();
}

UsageEvent event_of(const Attributes& from, Json data, Timestamp now) {
    if (text_attribute<1>(from, "specversion", true) != "1.0") throw malformed(from.before + "specversion", "must be 1.0", from.in);
    UsageEvent event;
    event.id = text_attribute<1>(from, "id", true);
    event.source = text_attribute<1>(from, "source", true);
    event.type = text_attribute<1>(from, "type", true);
    event.subject = text_attribute<0>(from, "subject", false);
    event.time = now;
    if (const std::string time = text_attribute<0>(from, "time", false); !time.empty()) {
        const auto parsed = Timestamp::parse(time);
        if (!parsed) throw malformed(from.before + "time", parsed.why(), from.in);
        event.time = *parsed;
    }
    event.data = std::move(data);
    return event;
}

// Its data are taken out of the document, which may be most of it.
UsageEvent structured(Json& document, const std::string& before, Timestamp now) {
    if (!document.is_object()) throw malformed(before, "must be an object");
    const Attributes from{document, before + "/", {}};
    const std::string type = text_attribute<0>(from, "datacontenttype", false);
    if (!type.empty() && !is_json(media_type_of(type))) throw malformed(before + "/datacontenttype", "must be JSON");
    if (document.find("data_base64") != nullptr) throw malformed(before + "/data_base64", "must be JSON in `data`");
    const auto data = document.as_object().find("data");
    Json taken = data == document.as_object().end() ? Json() : std::move(data->second);
    return event_of(from, std::move(taken), now);
}

// What a field's value is without the quotes that it may stand in (CloudEvents HTTP binding, section 3.1.3.2; RFC 9110 section 5.6.4).
std::string unquoted(std::string_view value) {
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
    value.remove_prefix(1);
    value.remove_suffix(1);
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) ++i;
        text += value[i];
    }
    return text;
}

UsageEvent binary(const http::Request& request, Json data, Timestamp now) {
    Json attributes = Json::object();
    for (const std::string_view name : {"specversion", "id", "source", "type", "subject", "time"})
        if (const auto field = request.headers.get("ce-" + std::string(name))) {
            const std::string plain = unquoted(*field);
            attributes[name] = http::percent_decode(plain).value_or(plain);
        }
    return event_of({attributes, "/ce-", "header"}, std::move(data), now);
}

} // namespace

std::vector<UsageEvent> usage_events_of(const http::Request& request, const RawBody& body, Timestamp now) {
    const std::string type = media_type_of(body.content_type);
    const bool batch = type == "application/cloudevents-batch+json", one = type == "application/cloudevents+json";
    const bool by_fields = !batch && !one && request.headers.has("ce-specversion");
    const bool no_data = by_fields && body.bytes.empty(); // then there need not be a type of it either
    if (!batch && !one && !(by_fields ? is_json(type) || (no_data && type.empty()) : type == "application/json"))
        throw Refusal(problems::unsupported_media_type, "application/cloudevents+json, application/cloudevents-batch+json or application/json is expected");
    auto parsed = Json::parse(no_data ? std::string_view("null") : std::string_view(body.bytes));
    if (!parsed) throw Refusal(problems::malformed, parsed.why());
    Json document = *std::move(parsed);
    std::vector<UsageEvent> events;
    if (by_fields) {
        events.push_back(binary(request, std::move(document), now));
    } else if (batch || (!one && document.is_array())) {
        if (!document.is_array()) throw malformed("", "must be an array");
        if (document.size() > most_events_at_once) throw Refusal(problems::too_large, "At most 1000 events are taken at once");
        events.reserve(document.size());
        for (std::size_t i = 0; i < document.size(); ++i) events.push_back(structured(document.as_array()[i], "/" + std::to_string(i), now));
    } else {
        events.push_back(structured(document, "", now));
    }
    return events;
}

} // namespace gravity::project
