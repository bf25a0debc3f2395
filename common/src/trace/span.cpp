#include <gravity/trace/buffer.hpp>
#include <gravity/trace/span.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace gravity::trace {
namespace {

// The system's own clocks, not the process's: a trace joins spans of daemons that know nothing of each other's test
// clocks.
std::int64_t wall_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}
std::int64_t steady_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string cut(std::string_view text) { return std::string(text.substr(0, max_attribute_bytes)); }

} // namespace

Span::Span(Context context, SpanId parent, std::string_view name, Kind kind) : context_(std::move(context)) {
    if (!context_.sampled) return;
    data_ = std::make_unique<SpanData>();
    data_->parent = parent;
    data_->name = cut(name);
    data_->kind = kind;
    data_->start_ns = wall_ns();
    steady_start_ns_ = steady_ns();
}

Span::Span(std::string_view name, Kind kind, const Context& parent)
    : Span(child_of(parent), parent.span_id, name, kind) {}
Span Span::root(std::string_view name, Kind kind, double sample_ratio) {
    return {new_trace(sample_ratio), SpanId{}, name, kind};
}
Span::~Span() { end(); }
Span::Span(Span&&) noexcept = default;

Span& Span::operator=(Span&& other) noexcept {
    if (this == &other) return *this;
    end();
    context_ = std::move(other.context_);
    data_ = std::move(other.data_);
    steady_start_ns_ = other.steady_start_ns_;
    return *this;
}

void Span::set(std::string_view name, std::string_view value) {
    if (data_) put(name, cut(value));
}

void Span::put(std::string_view name, AttributeValue value) {
    if (!data_) return;
    auto& all = data_->attributes;
    const auto known = std::find_if(all.begin(), all.end(), [&](const Attribute& a) { return a.name == name; });
    if (known != all.end()) {
        known->value = std::move(value);
    } else if (all.size() < max_attributes) {
        all.push_back({cut(name), std::move(value)});
    } else {
        ++data_->dropped_attributes;
    }
}

void Span::rename(std::string_view name) {
    if (data_) data_->name = cut(name);
}

void Span::fail(std::string_view why) {
    if (!data_) return;
    data_->failed = true;
    data_->failure = cut(why);
}

void Span::end() {
    if (!data_) return;
    const auto data = std::move(data_);
    // Length by the steady clock: the time of day may be set while the work runs.
    data->end_ns = data->start_ns + (steady_ns() - steady_start_ns_);
    data->context = context_;
    if (const auto to = buffer()) to->push(std::move(*data));
}

} // namespace gravity::trace
