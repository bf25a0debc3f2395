#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

/// Structured log: one JSON object a line.
///
///     log::info("order placed", {{"order", id}, {"count", 3}});
///     {"ts":"2026-11-23T12:00:00.123Z","level":"info","service":"order","msg":"order
///     placed","trace_id":"...","order":"...","count":3}
///
/// The line is made on the calling thread and written by one background thread; a full queue drops its oldest line and
/// counts it, so that logging never blocks a request. All functions are safe on any thread and do not throw except
/// std::bad_alloc.
namespace gravity::log {

enum class Level : std::uint8_t {
    trace,
    debug,
    info,
    warn,
    error,
    critical,
    off
};

std::string_view to_string(Level level);
/// The lower-case name, or nothing.
std::optional<Level> level_from(std::string_view text);

/// A type that prints itself; one that must be asked to `reveal()` what it holds (Secret<T>) is no such type, so a
/// secret cannot be logged.
template <class T>
concept Printable = requires(const T& value, std::string& out) {
    value.append_to(out);
} && !requires(const T& value) { value.reveal(); };

/// What may stand in a log field. A view: it lives no longer than the call it is written in.
class Value {
public:
    enum class Kind : std::uint8_t {
        null,
        boolean,
        integer,
        natural,
        number,
        text,
        printable
    };

    constexpr Value(std::nullptr_t) {}
    constexpr Value(std::same_as<bool> auto value) : kind_(Kind::boolean) { as_.boolean = value; }
    template <std::signed_integral T>
        requires(!std::same_as<T, char> && !std::same_as<T, bool>)
    constexpr Value(T value) : kind_(Kind::integer) {
        as_.integer = value;
    }
    template <std::unsigned_integral T>
        requires(!std::same_as<T, char> && !std::same_as<T, bool>)
    constexpr Value(T value) : kind_(Kind::natural) {
        as_.natural = value;
    }
    constexpr Value(std::floating_point auto value) : kind_(Kind::number) { as_.number = static_cast<double>(value); }
    constexpr Value(std::string_view text) : kind_(Kind::text) { as_.text = text; }
    constexpr Value(const char* text) : Value(text ? std::string_view(text) : std::string_view()) {}
    Value(const std::string& text) : Value(std::string_view(text)) {}
    template <Printable T> Value(const T& value) : kind_(Kind::printable) {
        as_.printable = {&value,
                         [](const void* object, std::string& out) { static_cast<const T*>(object)->append_to(out); }};
    }

    /// Appends the value as JSON text. A number that JSON lacks (NaN, infinity) becomes a string.
    void append_to(std::string& out) const;

private:
    union {
        bool boolean;
        std::int64_t integer;
        std::uint64_t natural;
        double number;
        std::string_view text;
        struct {
            const void* object;
            void (*append)(const void*, std::string&);
        } printable;
    } as_{.natural = 0};
    Kind kind_ = Kind::null;
};

struct Field {
    std::string_view name; // lower snake_case; one of the names below gets an underscore behind it
    Value value;
};
using Fields = std::initializer_list<Field>;

/// Whose work a line is about; empty members are left out. Becomes `trace_id`, `span_id`, `project`.
struct Scope {
    std::string trace_id;
    std::string span_id;
    std::string project;
};

/// Makes a scope the one of this thread, or of this fiber, while it lives (where one request runs at a time). Guards nest;
/// `scope` must outlive the guard. Coroutines share a thread, so they pass their scope to the call instead.
class ScopeGuard {
public:
    explicit ScopeGuard(const Scope& scope);
    ~ScopeGuard();
    ScopeGuard(const ScopeGuard&) = delete;
    ScopeGuard& operator=(const ScopeGuard&) = delete;

private:
    const Scope* previous_;
};

/// The scope of this thread, or null.
const Scope* current_scope();

bool enabled(Level level);
/// `scope` null: none.
void write(Level level, const Scope* scope, std::string_view msg, Fields fields);

inline void trace(std::string_view msg, Fields fields = {}) { write(Level::trace, current_scope(), msg, fields); }
inline void debug(std::string_view msg, Fields fields = {}) { write(Level::debug, current_scope(), msg, fields); }
inline void info(std::string_view msg, Fields fields = {}) { write(Level::info, current_scope(), msg, fields); }
inline void warn(std::string_view msg, Fields fields = {}) { write(Level::warn, current_scope(), msg, fields); }
inline void error(std::string_view msg, Fields fields = {}) { write(Level::error, current_scope(), msg, fields); }
inline void critical(std::string_view msg, Fields fields = {}) { write(Level::critical, current_scope(), msg, fields); }

inline void trace(const Scope& scope, std::string_view msg, Fields fields = {}) {
    write(Level::trace, &scope, msg, fields);
}
inline void debug(const Scope& scope, std::string_view msg, Fields fields = {}) {
    write(Level::debug, &scope, msg, fields);
}
inline void info(const Scope& scope, std::string_view msg, Fields fields = {}) {
    write(Level::info, &scope, msg, fields);
}
inline void warn(const Scope& scope, std::string_view msg, Fields fields = {}) {
    write(Level::warn, &scope, msg, fields);
}
inline void error(const Scope& scope, std::string_view msg, Fields fields = {}) {
    write(Level::error, &scope, msg, fields);
}
inline void critical(const Scope& scope, std::string_view msg, Fields fields = {}) {
    write(Level::critical, &scope, msg, fields);
}

void set_level(Level level);

/// The longest text of one field or message that is kept; the rest is cut and marked with U+2026.
inline constexpr std::size_t max_text_bytes = 8192;

} // namespace gravity::log
