#include "usage_events.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/message.hpp>

#include <utility>

namespace gravity::project {
namespace {

std::string media_type_of(std::string_view content_type) { return ascii::lower(ascii::trim(content_type.substr(0, content_type.find(';')))); }
bool is_json(std::string_view type) { return type.ends_with("/json") || type.ends_with("+json"); } // CloudEvents JSON format, section 3.1

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

/// What an event carries. Of what is not JSON nothing is read: it may be counted, and no path finds anything in it.
struct Carried {
    Json data;
    bool json = true;
};

UsageEvent event_of(const Attributes& from, Carried carried, Timestamp now) {
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
    event.data = std::move(carried.data);
    event.data_is_json = carried.json;
    return event;
}

// Bytes in base64 may be those of a JSON text, for who has one already hands it over as it is (CloudEvents JSON format, section 3.1.2).
Carried in_base64(const Json& encoded, const std::string& pointer, bool json) {
    if (!encoded.is_string()) throw malformed(pointer, "must be a text");
    const auto bytes = base64_decode(encoded.as_string());
    if (!bytes) throw malformed(pointer, "must be base64 with its padding (RFC 4648 section 4)");
    if (!json || bytes->empty()) return {Json(), json};
    auto parsed = Json::parse(*bytes);
    if (!parsed) throw malformed(pointer, "must be of JSON: " + parsed.why());
    return {*std::move(parsed), true};
}

// Data whose type nobody tells are looked at (RFC 9110 section 8.3), as in the JSON format, where they are JSON.
Carried in_body(std::string_view bytes, std::string_view type) {
    if (bytes.empty()) return {};
    if (!type.empty() && !is_json(type)) return {Json(), false};
    auto parsed = Json::parse(bytes);
    if (parsed) return {*std::move(parsed), true};
    if (type.empty()) return {Json(), false};
    throw Refusal(problems::malformed, parsed.why());
}

// The data are taken out of the document, which may be most of it.
Carried carried_by(Json& document, const std::string& before, bool json) {
    Json::Object& members = document.as_object();
    const auto data = members.find("data"), encoded = members.find("data_base64");
    const bool has_data = data != members.end() && !data->second.is_null();
    if (encoded != members.end() && !encoded->second.is_null()) {
        if (has_data) throw malformed(before + "data_base64", "must not stand beside `data`");
        return in_base64(encoded->second, before + "data_base64", json);
    }
    if (!has_data || !json) return {Json(), json};
    return {std::move(data->second), true};
}

UsageEvent structured(Json& document, const std::string& before, Timestamp now) {
    if (!document.is_object()) throw malformed(before, "must be an object");
    const Attributes from{document, before + "/", {}};
    const std::string type = text_attribute<0>(from, "datacontenttype", false);
    Carried carried = carried_by(document, from.before, type.empty() || is_json(media_type_of(type)));
    return event_of(from, std::move(carried), now);
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

UsageEvent binary(const http::Request& request, Carried carried, Timestamp now) {
    Json attributes = Json::object();
    for (const std::string_view name : {"specversion", "id", "source", "type", "subject", "time"})
        if (const auto field = request.headers.get("ce-" + std::string(name))) {
            if (request.headers.count("ce-" + std::string(name)) > 1) throw malformed("/ce-" + std::string(name), "is given twice", "header");
            const std::string plain = unquoted(*field);
            attributes[name] = http::percent_decode(plain).value_or(plain);
        }
    return event_of({attributes, "/ce-", "header"}, std::move(carried), now);
}

} // namespace

std::vector<UsageEvent> usage_events_of(const http::Request& request, const RawBody& body, Timestamp now) {
    const std::string type = media_type_of(body.content_type);
    const bool batch = type == "application/cloudevents-batch+json", one = type == "application/cloudevents+json";
    // A form of whole events that is not known here is no data of one, whatever its fields say (CloudEvents HTTP binding, section 3).
    const bool by_fields = !batch && !one && request.headers.has("ce-specversion") && !type.starts_with("application/cloudevents");
    if (!batch && !one && !by_fields && type != "application/json")
        throw Refusal(problems::unsupported_media_type, "application/cloudevents+json, application/cloudevents-batch+json or application/json is expected");
    std::vector<UsageEvent> events;
    if (by_fields) {
        events.push_back(binary(request, in_body(body.bytes, type), now));
        return events;
    }
    auto parsed = Json::parse(body.bytes);
    if (!parsed) throw Refusal(problems::malformed, parsed.why());
    Json document = *std::move(parsed);
    if (batch || (!one && document.is_array())) {
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
