#include <gravity/base/encoding.hpp>
#include <gravity/trace/exporter.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace gravity::trace {
namespace {

void append_number(std::string& out, double value) {
    // Protobuf's JSON mapping has these as texts.
    if (std::isnan(value)) {
        out += "\"NaN\"";
    } else if (std::isinf(value)) {
        out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    } else {
        std::array<char, 32> text{};
        out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
    }
}

void append_attribute(std::string& out, std::string_view name, const AttributeValue& value) {
    out += R"({"key":)";
    append_json_string(out, name);
    out += R"(,"value":{)";
    if (const auto* text = std::get_if<std::string>(&value)) {
        out += R"("stringValue":)";
        append_json_string(out, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        out += R"("intValue":")" + std::to_string(*integer) + '"';
    } else if (const auto* number = std::get_if<double>(&value)) {
        out += R"("doubleValue":)";
        append_number(out, *number);
    } else {
        out += std::get<bool>(value) ? R"("boolValue":true)" : R"("boolValue":false)";
    }
    out += "}}";
}

void append_span(std::string& out, const SpanData& span) {
    out += R"({"traceId":")" + span.context.trace_id_text() + R"(","spanId":")" + span.context.span_id_text() + '"';
    if (span.parent != SpanId{}) {
        out += R"(,"parentSpanId":")" +
               hex_encode({reinterpret_cast<const char*>(span.parent.data()), span.parent.size()}) + '"';
    }
    if (!span.context.state.empty()) {
        out += R"(,"traceState":)";
        append_json_string(out, span.context.state);
    }
    out += R"(,"name":)";
    append_json_string(out, span.name);
    out += R"(,"kind":)" + std::to_string(static_cast<int>(span.kind));
    out += R"(,"startTimeUnixNano":")" + std::to_string(span.start_ns) + R"(","endTimeUnixNano":")" +
           std::to_string(span.end_ns) + '"';
    out += R"(,"attributes":[)";
    for (std::size_t i = 0; i < span.attributes.size(); ++i) {
        if (i > 0) out += ',';
        append_attribute(out, span.attributes[i].name, span.attributes[i].value);
    }
    out += ']';
    if (span.dropped_attributes > 0) out += R"(,"droppedAttributesCount":)" + std::to_string(span.dropped_attributes);
    if (span.failed) {
        out += R"(,"status":{"code":2,"message":)"; // STATUS_CODE_ERROR
        append_json_string(out, span.failure);
        out += '}';
    }
    out += '}';
}

} // namespace

std::string otlp_json(const Resource& resource, const std::vector<SpanData>& spans) {
    std::string out = R"({"resourceSpans":[{"resource":{"attributes":[)";
    append_attribute(out, "service.name", resource.service);
    out += ',';
    append_attribute(out, "service.version", resource.version);
    out += ',';
    append_attribute(out, "service.instance.id", resource.instance);
    out += R"(]},"scopeSpans":[{"scope":{"name":"gravity"},"spans":[)";
    for (std::size_t i = 0; i < spans.size(); ++i) {
        if (i > 0) out += ',';
        append_span(out, spans[i]);
    }
    return out + "]}]}]}";
}

} // namespace gravity::trace
