#pragma once

#include <string>

namespace gravity::redis {

/// A Lua script, known to the server by the SHA-1 of its text. Make it once (a constant); any thread.
class Script {
public:
    explicit Script(std::string text);
    const std::string& text() const noexcept { return text_; }
    const std::string& sha1() const noexcept { return sha1_; } // 40 lower-case hex digits

private:
    std::string text_;
    std::string sha1_;
};

} // namespace gravity::redis
