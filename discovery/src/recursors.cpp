#include "recursors.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

namespace gravity::registry::dns {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using MaybeReply = std::optional<std::string>;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t most_recursions = 1000; // a server that asks itself ends here
constexpr std::size_t code_at = 3;            // in a packet: the lower half of this byte

Recursor recursor_in(std::string_view text) {
    const auto refuse = [&]() -> Recursor { throw std::runtime_error("DISCOVERY_DNS_RECURSORS: \"" + std::string(text) + "\" is no address"); };
    Recursor found;
    std::string_view address = text, port;
    const bool in_brackets = address.starts_with('[');
    const auto end = in_brackets ? address.find(']') : address.find(':');
    // Of IPv6 without brackets every colon is the address's.
    if (in_brackets || (end != std::string_view::npos && address.find(':', end + 1) == std::string_view::npos)) {
        if (end == std::string_view::npos) return refuse();
        port = address.substr(end + (in_brackets ? 1 : 0));
        address = address.substr(in_brackets ? 1 : 0, end - (in_brackets ? 1 : 0));
    }
    if (!port.empty()) {
        const auto [rest, error] = std::from_chars(port.data() + 1, port.data() + port.size(), found.port);
        if (port[0] != ':' || error != std::errc() || rest != port.data() + port.size() || found.port == 0) return refuse();
    }
    if (!parse_address(address)) return refuse();
    found.address = address;
    return found;
}

// The same name but for letter case, and type. What is answered is a question with an answer to it.
bool answers_query(std::string_view reply, std::string_view id, const Query& query) {
    if (reply.size() <= code_at || !reply.starts_with(id) || (static_cast<unsigned char>(reply[2]) & 0x80U) == 0) return false;
    std::string as_question(reply);
    as_question[2] = static_cast<char>(as_question[2] & 0x7F);
    const auto parsed = parse_query(as_question);
    const auto* asked = std::get_if<Query>(&parsed);
    if (asked == nullptr || asked->type != query.type || asked->class_ != query.class_ || asked->name.size() != query.name.size()) return false;
    const auto same = [](const std::string& a, const std::string& b) { return ascii::iequals(a, b); };
    return std::equal(asked->name.begin(), asked->name.end(), query.name.begin(), same);
}

// Others may know what this one cannot tell.
bool is_settled(std::string_view reply) {
    const auto code = static_cast<Code>(static_cast<unsigned char>(reply[code_at]) & 0xFU);
    return code == Code::ok || code == Code::name_error;
}

/// A socket that closes itself when the time is over.
template <class Socket>
struct Attempt : std::enable_shared_from_this<Attempt<Socket>> {
    explicit Attempt(asio::io_context& io) : socket(io), limit(io) {}
    void end_at(SteadyClock::time_point deadline) {
        limit.expires_at(deadline);
        limit.async_wait([weak = this->weak_from_this()](const boost::system::error_code& error) {
            boost::system::error_code ignored; // closing loses nothing that could be reported
            if (const auto self = weak.lock(); self && !error) self->socket.close(ignored);
        });
    }
    Socket socket;
    asio::steady_timer limit;
};

struct RecursorPlace {
    asio::ip::address address;
    std::uint16_t port;
};

// A socket of its own: port and id must both be guessed by who would forge an answer.
Task<MaybeReply> ask_over_udp(asio::io_context& io, RecursorPlace at, std::string packet, Query query, SteadyClock::time_point deadline) {
    const auto token = asio::as_tuple(asio::use_awaitable);
    const auto attempt = std::make_shared<Attempt<udp::socket>>(io);
    attempt->end_at(deadline);
    boost::system::error_code error;
    const udp::endpoint endpoint(at.address, at.port);
    attempt->socket.open(endpoint.protocol(), error);
    if (!error) attempt->socket.connect(endpoint, error);
    if (error) co_return std::nullopt;
    const auto question = asio::buffer(packet);
    auto [not_sent, ignored_sent] = co_await attempt->socket.async_send(question, token);
    if (not_sent) co_return std::nullopt;
    const std::string id = packet.substr(0, 2);
    std::string reply;
    for (;;) {
        reply.resize(query.udp_bytes);
        const auto room = asio::buffer(reply);
        auto [not_received, size] = co_await attempt->socket.async_receive(room, token);
        if (not_received) co_return std::nullopt;
        reply.resize(size);
        if (answers_query(reply, id, query)) break;
    }
    attempt->limit.cancel();
    co_return reply;
}

Task<MaybeReply> ask_over_tcp(asio::io_context& io, RecursorPlace at, std::string packet, Query query, SteadyClock::time_point deadline) {
    const auto token = asio::as_tuple(asio::use_awaitable);
    const auto attempt = std::make_shared<Attempt<tcp::socket>>(io);
    attempt->end_at(deadline);
    const tcp::endpoint endpoint(at.address, at.port);
    auto [not_connected] = co_await attempt->socket.async_connect(endpoint, token);
    if (not_connected) co_return std::nullopt;
    std::string framed;
    framed += static_cast<char>(packet.size() >> 8);
    framed += static_cast<char>(packet.size());
    framed += packet;
    const auto question = asio::buffer(framed);
    auto [not_sent, ignored_sent] = co_await asio::async_write(attempt->socket, question, token);
    if (not_sent) co_return std::nullopt;
    std::array<unsigned char, 2> length{};
    const auto length_room = asio::buffer(length);
    auto [no_length, ignored_length] = co_await asio::async_read(attempt->socket, length_room, token);
    if (no_length) co_return std::nullopt;
    std::string reply(static_cast<std::size_t>(length[0] << 8 | length[1]), '\0');
    const auto room = asio::buffer(reply);
    auto [not_received, ignored_received] = co_await asio::async_read(attempt->socket, room, token);
    attempt->limit.cancel();
    if (not_received || !answers_query(reply, packet.substr(0, 2), query)) co_return std::nullopt;
    co_return reply;
}

} // namespace

std::vector<Recursor> recursors_in(std::string_view list) {
    std::vector<Recursor> servers;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (const auto one = ascii::trim(list.substr(0, comma)); !one.empty()) servers.push_back(recursor_in(one));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return servers;
}

struct Recursors::State {
    asio::io_context& io;
    std::vector<RecursorPlace> servers{};
    std::chrono::milliseconds patience{};
    std::size_t under_way = 0;
};

Recursors::Recursors(asio::io_context& io, std::vector<Recursor> servers, std::chrono::milliseconds patience) : state_(std::make_shared<State>(State{io})) {
    state_->patience = patience;
    for (const Recursor& one : servers) state_->servers.push_back({asio::ip::make_address(one.address), one.port});
}
Recursors::~Recursors() = default;

bool Recursors::any() const { return !state_->servers.empty(); }

Task<std::optional<std::string>> Recursors::answer_to(std::string packet, Query query, bool over_tcp) const {
    struct UnderWay {
        std::shared_ptr<State> state;
        explicit UnderWay(std::shared_ptr<State> s) : state(std::move(s)) { ++state->under_way; }
        ~UnderWay() { --state->under_way; }
        UnderWay(const UnderWay&) = delete;
        UnderWay& operator=(const UnderWay&) = delete;
    };
    const std::shared_ptr<State> state = state_;
    if (state->under_way >= most_recursions) co_return std::nullopt;
    const UnderWay under_way(state);
    const std::string asked_as = packet.substr(0, 2);
    const auto deadline = SteadyClock::now() + state->patience;
    for (std::size_t i = 0; i < state->servers.size(); ++i) {
        const RecursorPlace server = state->servers[i];
        const auto now = SteadyClock::now();
        const auto until = now + (deadline - now) / static_cast<int>(state->servers.size() - i); // its share of what is left
        fill_random(packet.data(), asked_as.size());
        std::optional<std::string> reply;
        if (over_tcp)
            reply = co_await ask_over_tcp(state->io, server, packet, query, until);
        else
            reply = co_await ask_over_udp(state->io, server, packet, query, until);
        if (!reply || !is_settled(*reply)) continue;
        reply->replace(0, asked_as.size(), asked_as);
        co_return reply;
    }
    co_return std::nullopt;
}

} // namespace gravity::registry::dns
