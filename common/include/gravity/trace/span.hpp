#pragma once

#include <gravity/trace/context.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gravity::trace {

/// The numbers are those of OTLP (opentelemetry-proto, trace.proto).
enum class Kind : std::uint8_t {
    internal = 1,
    server = 2,
    client = 3,
    producer = 4,
    consumer = 5
};

using AttributeValue = std::variant<std::string, std::int64_t, double, bool>;
struct Attribute {
    std::string name; // by OpenTelemetry's semantic conventions where they have one: "http.route"
    AttributeValue value;
};

/// A span that has ended.
struct SpanData {
    Context context;
    SpanId parent{}; // all zero: the root
    std::string name;
    Kind kind = Kind::internal;
    std::int64_t start_ns = 0; // since the Unix epoch
    std::int64_t end_ns = 0;
    std::vector<Attribute> attributes;
    std::uint32_t dropped_attributes = 0;
    bool failed = false;
    std::string failure;
};

inline constexpr std::size_t max_attributes = 64;
inline constexpr std::size_t max_attribute_bytes = 4096;

/// A piece of work being timed. One thread at a time; movable. Ends when it is destroyed, and then goes to the
/// process's span buffer if its trace is sampled; one that is not costs no more than its ids.
class Span {
public:
    /// A child of `parent`.
    Span(std::string_view name, Kind kind, const Context& parent);
    /// A new trace.
    static Span root(std::string_view name, Kind kind, double sample_ratio);
    ~Span();
    Span(Span&&) noexcept;
    Span& operator=(Span&& other) noexcept;

    /// What calls made from here carry.
    const Context& context() const { return context_; }

    /// Beyond the limits a text is cut and an attribute is counted as dropped. A name set again is replaced.
    void set(std::string_view name, std::string_view value);
    void set(std::string_view name, const char* value) { set(name, std::string_view(value)); }
    void set(std::string_view name, bool value) { put(name, value); }
    void set(std::string_view name, std::integral auto value) { put(name, static_cast<std::int64_t>(value)); }
    void set(std::string_view name, double value) { put(name, value); }
    void rename(std::string_view name);
    void fail(std::string_view why);
    /// Once; further calls do nothing.
    void end();

private:
    Span(Context context, SpanId parent, std::string_view name, Kind kind);
    void put(std::string_view name, AttributeValue value);

    Context context_;
    std::unique_ptr<SpanData> data_; // null: not sampled, ended or moved from
    std::int64_t steady_start_ns_ = 0;
};

} // namespace gravity::trace
