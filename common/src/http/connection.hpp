#pragma once

#include "http/read_buffer.hpp"
#include "http/server_core.hpp"
#include "net/stream.hpp"

#include <gravity/http/exchange.hpp>

#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace gravity::http {

/// One accepted connection: reads requests, runs the handler on each, and is itself the Exchange that the handler sees (so a
/// request costs no object). Waiting has no timer of its own: the server's tick calls `sweep`, which compares with `deadline_`.
class Connection final : public Exchange, public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<ServerCore> core, net::Stream::Socket socket,
               std::shared_ptr<boost::asio::ssl::context> tls, bool refuse);
    ~Connection() override;

    /// Its whole life; returns when it is closed. Never throws.
    static Task<void> run(std::shared_ptr<Connection> self);

    void sweep(SteadyTime now);
    void begin_drain(); // closes it if it is between requests
    void abort();       // cuts it, whatever it does

    Request& request() override { return request_; }
    Task<bool> read_body(std::size_t limit) override;
    Task<std::string> read_some() override;
    Task<void> respond(Response response) override;
    Task<std::unique_ptr<BodyWriter>> stream(int status, Headers headers, std::optional<std::uint64_t> length) override;
    Task<std::unique_ptr<WebSocketConnection>> accept_websocket(WebSocketOptions options) override;
    bool responded() const override { return answer_ != Answer::none; }
    bool client_gone() const override;
    bool draining() const override { return core_->draining; }

private:
    friend class StreamWriter;
    friend class ServerWebSocket;

    enum class Phase : std::uint8_t {
        handshake,
        idle,
        head,
        handler,
        body,
        writing,
        linger
    };
    enum class Answer : std::uint8_t {
        none,
        started,
        complete,
        websocket
    };
    enum class BodyState : std::uint8_t {
        unread,
        reading,
        complete,
        failed
    };
    using Pieces = std::array<std::string_view, 3>;

    // connection.cpp: the life of the connection
    Task<void> serve();
    Task<bool> handshake();
    Task<bool> read_head();
    Task<bool> exchange();
    Task<bool> fill(std::size_t least);
    Task<void> refuse(WireRefusal refusal);
    Task<void> close_gently();
    void enter(Phase phase, std::chrono::milliseconds limit);
    void expire();
    void report(std::exception_ptr error);

    // connection_body.cpp: request bodies
    Task<std::size_t> read_decoded(char* into, std::size_t size);
    Task<std::size_t> read_raw(char* into, std::size_t size);
    Task<std::size_t> read_chunked(char* into, std::size_t size);
    Task<bool> discard_body();
    [[noreturn]] void fail_body(WireRefusal refusal);
    [[noreturn]] void fail_body_read();

    // connection_write.cpp: responses
    void begin_head(int status, const Headers& headers);
    void end_head(std::optional<std::uint64_t> length, bool chunked);
    bool body_forbidden(int status) const;
    Task<bool> write(Pieces pieces);
    bool write_now(Pieces& pieces);

    std::shared_ptr<ServerCore> core_;
    std::list<Connection*>::iterator place_;
    net::Stream stream_;
    ReadBuffer buffer_;
    HeadScanner scanner_;
    Request request_;
    Framing framing_;
    ChunkDecoder chunks_;
    std::string out_;          // the response head being written
    std::string peer_address_;
    std::uint16_t peer_port_ = 0;

    Phase phase_ = Phase::idle;
    Answer answer_ = Answer::none;
    BodyState body_ = BodyState::complete;
    const bool refuse_;        // over the limit: one 503
    bool keep_alive_ = true;
    bool expired_ = false;     // the sweep has ended the wait that is pending
    bool park_ = false;        // the sweep asks for the buffer of an idle connection
    bool parked_ = false;
    bool lingers_ = false;     // the peer may still be sending what nobody will read
    bool hold_head_ = false;   // the head in out_ goes with the first piece of the body
    bool begun_ = false;       // a first request has been seen
    std::atomic<bool> gone_{false};
    SteadyTime phase_since_{};
    SteadyTime deadline_{};
    std::uint64_t exchange_number_ = 0; // a writer of an earlier one is told off

    std::uint64_t body_left_ = 0;     // of a body with Content-Length
    std::uint64_t body_received_ = 0; // on the wire
    std::chrono::steady_clock::duration body_waited_{};
    WireRefusal body_refusal_;        // what a failed body is answered with
};

/// The body of a problem document (RFC 9457) that the transport itself answers with.
std::string problem_body(int status, std::string_view slug, std::string_view detail);

} // namespace gravity::http
