#pragma once

#include <gravity/redis/command.hpp>
#include <gravity/redis/value.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct redisReader;

/// Bytes of RESP2 <-> values. No I/O.
namespace gravity::redis {

/// Appends the command as an array of bulk strings, the only form a client sends.
void append_command(std::string& out, const Command& command);

struct ReplyLimits {
    std::size_t max_bytes = 64U << 20;   // of one reply as it came
    std::size_t max_elements = 1U << 20; // of all arrays in one reply
};

/// Takes bytes as they come and gives whole replies. hiredis' reader inside, building our values; it refuses nesting
/// deeper than 7.
class ReplyReader {
public:
    explicit ReplyReader(ReplyLimits limits);
    ~ReplyReader();
    ReplyReader(ReplyReader&&) noexcept;
    ReplyReader& operator=(ReplyReader&&) noexcept;

    void feed(std::string_view bytes);
    /// The next whole reply; nothing if more bytes are needed. Throws Error{protocol}: the connection is then of no
    /// more use.
    std::optional<Value> next();

private:
    struct Builder; // the node functions handed to hiredis
    struct Free {
        void operator()(redisReader* reader) const;
    };
    struct State {
        ReplyLimits limits;
        std::size_t elements = 0; // allocated for the reply being read
    };
    std::unique_ptr<State> state_; // hiredis keeps its address
    std::unique_ptr<redisReader, Free> reader_;
    std::size_t unfinished_bytes_ = 0; // fed since the last whole reply
};

} // namespace gravity::redis
