#include "dns_server.hpp"

#include "response_limit.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/log/log.hpp>
#include <gravity/metrics/metrics.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstring>
#include <netinet/in.h>
#include <set>
#include <stdexcept>
#include <sys/socket.h>
#include <vector>

namespace gravity::registry::dns {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using namespace std::chrono_literals;

constexpr std::size_t max_connections = 1024;
constexpr auto idle_limit = 10s;       // RFC 7766 section 6.2.3: a few seconds
constexpr std::size_t datagrams_at_once = 16; // received and answered in one system call each
constexpr int rounds_at_once = 4;             // then others of the loop have their turn
constexpr std::size_t most_question_bytes = 4096;
constexpr int bind_attempts = 16;      // for a port that is free for both protocols
constexpr unsigned recursion_available = 0x80; // a bit of the fourth byte

struct Connection : std::enable_shared_from_this<Connection> {
    explicit Connection(tcp::socket accepted) : socket(std::move(accepted)), idle(socket.get_executor()) {}
    /// Closes the socket unless it is called again in time.
    void arm() {
        idle.expires_after(idle_limit);
        idle.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) self->close();
        });
    }
    /// Nothing if it has gone.
    std::optional<Address> peer() const {
        boost::system::error_code gone;
        const auto endpoint = socket.remote_endpoint(gone);
        return gone ? std::nullopt : parse_address(endpoint.address().to_string());
    }
    void close() {
        boost::system::error_code ignored; // closing loses nothing that could be reported
        socket.close(ignored);
    }
    tcp::socket socket;
    asio::steady_timer idle;
    std::array<unsigned char, 2> length{};
    std::string packet;
};

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    fill_random(&seed, sizeof seed);
    return seed;
}

/// Datagrams on their way in or out, with who sent them or gets them.
struct Datagrams {
    std::array<mmsghdr, datagrams_at_once> messages{};
    std::array<iovec, datagrams_at_once> parts{};
    std::array<sockaddr_storage, datagrams_at_once> peers{};

    void set(std::size_t n, void* bytes, std::size_t size, const sockaddr_storage& peer, socklen_t peer_size) {
        peers[n] = peer;
        parts[n] = {bytes, size};
        msghdr& message = messages[n].msg_hdr;
        message = {};
        message.msg_name = &peers[n];
        message.msg_namelen = peer_size;
        message.msg_iov = &parts[n];
        message.msg_iovlen = 1;
    }
};

Asker asker_of(const sockaddr_storage& peer) {
    if (peer.ss_family == AF_INET) {
        Address4 four;
        std::memcpy(four.bytes.data(), &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, four.bytes.size());
        return four;
    }
    Address6 six;
    std::memcpy(six.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr, six.bytes.size());
    return six;
}

} // namespace

struct Server::State : std::enable_shared_from_this<Server::State> {
    State(asio::io_context& loop, std::shared_ptr<Zone> its_zone, const ServerOptions& options)
        : io(loop),
          zone(std::move(its_zone)),
          limit(options.answers_per_second, random_seed()),
          recursors(loop, options.recursors),
          datagrams(loop),
          acceptor(loop) {}

    void bind(const ServerOptions& options);
    void try_bind(const tcp::endpoint& endpoint);
    void start();
    void stop();
    void answer_datagrams();
    std::optional<std::string> answer_datagram(std::string_view packet, std::size_t number);
    std::optional<Query> for_others(std::string_view packet, std::string& reply, const Asker& asker) const;
    static Task<void> pass_on(std::shared_ptr<State> self, std::string packet, Query query, sockaddr_storage peer, socklen_t peer_size);
    Task<std::string> answer_of_others(std::string packet, Query query, bool by_tcp) const;
    static Task<void> serve_udp(std::shared_ptr<State> self);
    static Task<void> accept(std::shared_ptr<State> self);
    static Task<void> serve(std::shared_ptr<State> self, std::shared_ptr<Connection> connection);

    asio::io_context& io;
    std::shared_ptr<Zone> zone;
    ResponseLimit limit;
    Recursors recursors;
    udp::socket datagrams;
    tcp::acceptor acceptor;
    std::set<std::shared_ptr<Connection>> connections;
    bool stopped = false;
    Datagrams in, out;
    std::string questions = std::string(datagrams_at_once * most_question_bytes, '\0');
    std::array<std::string, datagrams_at_once> replies;
    metrics::CounterFamily family = metrics::counter("gravity_discovery_dns_questions_total", "DNS packets received", {"transport"});
    metrics::Counter over_udp = family.with({"udp"});
    metrics::Counter over_tcp = family.with({"tcp"});
    metrics::CounterFamily limited = metrics::counter("gravity_discovery_dns_limited_total", "Answers that were held back from a network", {"instead"});
    metrics::Counter truncated = limited.with({"truncated"});
    metrics::Counter silent = limited.with({"silence"});
    metrics::CounterFamily passed_on = metrics::counter("gravity_discovery_dns_recursions_total", "Questions asked of other servers", {"answered"});
    metrics::Counter answered = passed_on.with({"yes"});
    metrics::Counter unanswered = passed_on.with({"no"});
};

void Server::State::try_bind(const tcp::endpoint& endpoint) {
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false));
    acceptor.bind(endpoint);
    acceptor.listen();
    const udp::endpoint same(endpoint.address(), acceptor.local_endpoint().port());
    datagrams.open(same.protocol());
    if (same.address().is_v6()) datagrams.set_option(asio::ip::v6_only(false));
    datagrams.bind(same);
    datagrams.non_blocking(true);
}

void Server::State::bind(const ServerOptions& options) {
    const tcp::endpoint endpoint(asio::ip::make_address(options.address), options.port);
    for (int attempt = 1;; ++attempt) {
        try {
            return try_bind(endpoint);
        } catch (const boost::system::system_error& error) {
            if (options.port != 0 || attempt == bind_attempts)
                throw std::runtime_error("cannot listen for DNS on " + options.address + " port " + std::to_string(options.port) + ": " +
                                         error.code().message());
            boost::system::error_code ignored;
            acceptor.close(ignored);
            datagrams.close(ignored);
        }
    }
}

void Server::State::start() {
    spawn(io, "DNS over UDP", [self = shared_from_this()] { return serve_udp(self); });
    spawn(io, "DNS over TCP", [self = shared_from_this()] { return accept(self); });
}

void Server::State::stop() {
    stopped = true;
    boost::system::error_code ignored;
    datagrams.close(ignored);
    acceptor.close(ignored);
    for (const auto& connection : connections) connection->close();
}

// The question, if it is for others and from who may have them asked; else the reply tells him whether he might.
std::optional<Query> Server::State::for_others(std::string_view packet, std::string& reply, const Asker& asker) const {
    if (!recursors.any() || reply.size() < 4 || !is_inside(asker)) return std::nullopt;
    reply[3] = static_cast<char>(static_cast<unsigned char>(reply[3]) | recursion_available);
    if (static_cast<Code>(static_cast<unsigned char>(reply[3]) & 0xFU) != Code::refused) return std::nullopt;
    const auto parsed = parse_query(packet);
    const auto* query = std::get_if<Query>(&parsed);
    return query != nullptr && query->recursion_desired && query->class_ == class_in ? std::optional<Query>(*query) : std::nullopt;
}

Task<std::string> Server::State::answer_of_others(std::string packet, Query query, bool by_tcp) const {
    std::optional<std::string> reply = co_await recursors.answer_to(std::move(packet), query, by_tcp);
    (reply ? answered : unanswered).add();
    if (reply) co_return *std::move(reply);
    Answer failure;
    failure.code = Code::server_failure;
    failure.authoritative = false;
    std::string text = write_answer(query, failure, plain_udp_bytes);
    text[3] = static_cast<char>(static_cast<unsigned char>(text[3]) | recursion_available);
    co_return text;
}

Task<void> Server::State::pass_on(std::shared_ptr<State> self, std::string packet, Query query, sockaddr_storage peer, socklen_t peer_size) {
    const std::string reply = co_await self->answer_of_others(std::move(packet), std::move(query), false);
    if (self->stopped) co_return;
    // What the kernel has no room for is lost, as datagrams are on their way: the client asks again.
    ::sendto(self->datagrams.native_handle(), reply.data(), reply.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&peer), peer_size);
}

std::optional<std::string> Server::State::answer_datagram(std::string_view packet, std::size_t number) {
    const Asker asker = asker_of(in.peers[number]);
    switch (limit.take(asker, steady_now().count_us())) {
    case ResponseLimit::Verdict::silence: silent.add(); return std::nullopt;
    case ResponseLimit::Verdict::truncate: {
        truncated.add();
        const auto parsed = parse_query(packet);
        const auto* query = std::get_if<Query>(&parsed);
        if (query == nullptr) return std::nullopt;
        return write_answer(*query, Answer{}, plain_udp_bytes, true);
    }
    default: break;
    }
    auto reply = zone->respond(packet, Transport::udp, asker);
    auto query = reply ? for_others(packet, *reply, asker) : std::nullopt;
    if (!query) return reply;
    spawn(io, "DNS recursion",
          [self = shared_from_this(), question = std::string(packet), query = *std::move(query), peer = in.peers[number],
           size = in.messages[number].msg_hdr.msg_namelen] { return pass_on(self, question, query, peer, size); });
    return std::nullopt;
}

void Server::State::answer_datagrams() {
    const int socket = datagrams.native_handle();
    for (int round = 0; round < rounds_at_once; ++round) {
        for (std::size_t n = 0; n < datagrams_at_once; ++n)
            in.set(n, questions.data() + n * most_question_bytes, most_question_bytes, {}, sizeof(sockaddr_storage));
        const int received = ::recvmmsg(socket, in.messages.data(), datagrams_at_once, 0, nullptr);
        if (received <= 0) return; // nothing more; or the ICMP answer to an earlier datagram of ours
        over_udp.add(received);
        std::size_t answers = 0;
        for (std::size_t n = 0; n < static_cast<std::size_t>(received); ++n) {
            const std::string_view question(questions.data() + n * most_question_bytes, in.messages[n].msg_len);
            auto reply = answer_datagram(question, n);
            if (!reply) continue;
            replies[answers] = *std::move(reply);
            out.set(answers, replies[answers].data(), replies[answers].size(), in.peers[n], in.messages[n].msg_hdr.msg_namelen);
            ++answers;
        }
        for (std::size_t sent = 0; sent < answers;) {
            const int taken = ::sendmmsg(socket, out.messages.data() + sent, static_cast<unsigned>(answers - sent), 0);
            // A datagram that the kernel has no room for is lost, as others are on their way: the client asks again.
            sent += taken > 0 ? static_cast<std::size_t>(taken) : 1;
        }
        if (static_cast<std::size_t>(received) < datagrams_at_once) return;
    }
}

Task<void> Server::State::serve_udp(std::shared_ptr<State> self) {
    const auto token = asio::as_tuple(asio::use_awaitable);
    while (!self->stopped) {
        auto [error] = co_await self->datagrams.async_wait(udp::socket::wait_read, token);
        if (error) break; // closed
        self->answer_datagrams();
    }
}

Task<void> Server::State::accept(std::shared_ptr<State> self) {
    const auto token = asio::as_tuple(asio::use_awaitable);
    while (!self->stopped) {
        auto [error, socket] = co_await self->acceptor.async_accept(token);
        if (self->stopped) break;
        if (error) { // no descriptor is free, most likely: those who wait stay in the kernel's queue
            log::warn("a DNS connection was not accepted", {{"reason", error.message()}});
            const auto pause = std::chrono::steady_clock::duration(100ms);
            co_await sleep_for(pause);
            continue;
        }
        if (self->connections.size() >= max_connections) continue; // closed at once
        auto connection = std::make_shared<Connection>(std::move(socket));
        self->connections.insert(connection);
        spawn(self->io, "DNS connection", [self, connection] { return serve(self, connection); });
    }
}

Task<void> Server::State::serve(std::shared_ptr<State> self, std::shared_ptr<Connection> connection) {
    const auto token = asio::as_tuple(asio::use_awaitable);
    tcp::socket& socket = connection->socket;
    for (;;) { // several questions, one after the other
        connection->arm();
        const auto length_buffer = asio::buffer(connection->length);
        auto [no_length, ignored_size] = co_await asio::async_read(socket, length_buffer, token);
        if (no_length) break;
        connection->packet.resize(static_cast<std::size_t>(connection->length[0] << 8 | connection->length[1]));
        const auto packet_buffer = asio::buffer(connection->packet);
        auto [no_packet, ignored_read] = co_await asio::async_read(socket, packet_buffer, token);
        if (no_packet || self->stopped) break;
        self->over_tcp.add();
        const auto peer = connection->peer();
        auto reply = self->zone->respond(connection->packet, Transport::tcp, peer);
        if (!reply) break;
        auto query = peer ? self->for_others(connection->packet, *reply, *peer) : std::nullopt;
        if (query) reply = co_await self->answer_of_others(connection->packet, *query, true);
        std::string framed;
        framed += static_cast<char>(reply->size() >> 8);
        framed += static_cast<char>(reply->size());
        framed += *reply;
        const auto reply_buffer = asio::buffer(framed);
        auto [not_written, ignored_written] = co_await asio::async_write(socket, reply_buffer, token);
        if (not_written) break;
    }
    connection->close();
    connection->idle.cancel();
    self->connections.erase(connection);
}

Server::Server(asio::io_context& io, ServerOptions options, std::shared_ptr<Zone> zone)
    : state_(std::make_shared<State>(io, std::move(zone), options)) {
    state_->bind(options);
    state_->start();
}

Server::~Server() { state_->stop(); }

std::uint16_t Server::port() const { return state_->acceptor.local_endpoint().port(); }

} // namespace gravity::registry::dns
