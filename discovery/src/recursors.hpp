#pragma once

#include "dns_message.hpp"

#include <gravity/async/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::registry::dns {

/// Another DNS server.
struct Recursor {
    std::string address;
    std::uint16_t port = 53;
};
/// "10.0.0.2, 10.0.0.3:5353, [fd00::2]:53". Throws std::runtime_error for what is no address.
std::vector<Recursor> recursors_in(std::string_view list);

/// What is not ours is asked of others, one after the other, by the transport that it came by. I/O thread only.
class Recursors {
public:
    /// `patience`: for all of them together.
    Recursors(boost::asio::io_context& io, std::vector<Recursor> servers, std::chrono::milliseconds patience = std::chrono::milliseconds(2000));
    ~Recursors();

    bool any() const;
    /// What the first one says that has an answer, or says that there is none; nothing if none does in time, or too many questions are under way.
    Task<std::optional<std::string>> answer_to(std::string packet, Query query, bool over_tcp) const;

private:
    struct State;
    std::shared_ptr<State> state_; // for questions that outlive it
};

} // namespace gravity::registry::dns
