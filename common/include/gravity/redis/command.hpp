#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gravity::redis {

/// A command and its arguments: bytes, any content. A value; any thread.
///
///     Command set{"SET", key, value, "PX", 1500};
///     co_await client.command(std::move(set));
///
/// gcc 12: name the command before the `co_await` (docs/decisions/0003-gcc12-coroutines.md).
class Command {
public:
    template <class... Args> explicit Command(std::string_view name, const Args&... args) {
        args_.reserve(1 + sizeof...(args));
        args_.emplace_back(name);
        (add(args), ...);
    }

    Command& add(std::string_view argument) {
        args_.emplace_back(argument);
        return *this;
    }
    Command& add(const char* argument) { return add(std::string_view(argument)); }
    Command& add(const std::string& argument) { return add(std::string_view(argument)); }
    Command& add(std::string&& argument) {
        args_.push_back(std::move(argument));
        return *this;
    }
    template <std::integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char>)
    Command& add(T number) {
        return add(std::to_string(number));
    }
    /// The shortest text that reads back as the same number; "inf" and "-inf" as Redis writes them.
    Command& add(double number);
    Command& add(bool) = delete; // Redis has no booleans: say 0 or 1
    Command& add_all(const std::vector<std::string>& arguments) {
        args_.insert(args_.end(), arguments.begin(), arguments.end());
        return *this;
    }

    const std::vector<std::string>& args() const noexcept { return args_; }

    /// For a Redis Cluster: the key whose slot this command goes to. Needed only for commands this library has no key
    /// positions of (modules); for all of Redis 7 they are known.
    Command& route_by(std::string_view key) {
        route_key_ = key;
        has_route_key_ = true;
        return *this;
    }
    const std::string* route_key() const noexcept { return has_route_key_ ? &route_key_ : nullptr; }

private:
    std::vector<std::string> args_;
    std::string route_key_;
    bool has_route_key_ = false;
};

} // namespace gravity::redis
