#pragma once

#include "body_relay.hpp"
#include "client.hpp"
#include "core.hpp"
#include "idle_client.hpp"
#include "rate_guard.hpp"
#include "stream.hpp"

#include <gravity/base/problem.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/trace/context.hpp>

#include <array>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::gateway {

class Hedge;
class Mirror;
struct Caching;
struct Compressing;
struct CompressionPlan;
struct ResponseFacts;

/// One client's connection and the request that is under way on it; without one for long it becomes an IdleClient. The parts of its life are in a file each:
/// session.cpp (the connection, heads, time-outs), session_wait.cpp (what is asked about first: an API key, a limit that others share), session_request.cpp (an
/// instance, the request's way to it), session_response.cpp (the way back), session_tunnel.cpp (WebSocket), session_hedge.cpp (a second attempt beside a late
/// one), session_rule.cpp (what a document's rule asks for), session_cache.cpp and session_fill.cpp (answers that are kept), session_compress.cpp,
/// session_reply.cpp (answers of the gateway itself).
///
/// At most one read and one write are pending on each socket. A body is read only when what was read before has been written: back-pressure is TCP's.
class Session final : public Client, public std::enable_shared_from_this<Session> {
public:
    /// A client's connection. `certificates`: for one who speaks TLS; else null.
    Session(Core& core, Socket socket, boost::asio::ip::address peer, std::shared_ptr<boost::asio::ssl::context> certificates);
    /// One that has been idle.
    Session(Core& core, IdleClient::Connection connection);
    Session(Core& core, std::shared_ptr<Pipe> pipe, const boost::asio::ip::address& peer, bool secure, ClientCertificatePtr certificate);
    ~Session();

    void start();
    void go_on_reading();
    void check(std::chrono::steady_clock::time_point now) override;
    void begin_drain() override;
    bool waits() const override { return !client_.is_pipe() && (phase_ == Phase::idle || phase_ == Phase::head); }
    void close() override;

private:
    using Time = std::chrono::steady_clock::time_point;
    using Error = boost::system::error_code;
    enum class Phase : std::uint8_t {
        idle,       // between requests
        head,       // part of a head has come
        waiting,    // for another request to fetch what it needs
        connecting, // to an instance
        forwarding, // request and response are on their way
        replying,   // an answer of our own is
        lingering,  // answered; waits for the client to close
        tunnel,     // WebSocket
        closed
    };

    BodyRelay whole_request() const {
        return {request_framing_, request_framing_.chunked ? BodyRelay::Out::chunked : BodyRelay::Out::plain, BodyRelay::Trailers::pass};
    }

    // session.cpp
    void read_client();
    void client_was_read(Error error, std::size_t size);
    void park();
    void try_head();
    void begin_answer(Time now);
    void begin_request(std::string_view bytes);
    void admit(std::string_view bytes, const RequestHead& head);
    void next_request();
    void linger();
    void become_http2(std::string_view received);
    void client_gone();
    void cut();

    // session_wait.cpp
    void wait(Time until);
    std::shared_ptr<Session> end_wait() { return std::exchange(while_waiting_, nullptr); }
    void await_key(std::string_view bytes, const RequestHead& head, const boost::asio::ip::address& from);
    void await_permit(std::string_view bytes);
    void go_back_to_the_gate(std::uint64_t ticket);

    // session_request.cpp
    void pass_on(std::string_view bytes, const RequestHead& head, std::string_view path);
    void go_on();
    void try_instance();
    void connect(std::shared_ptr<Upstream> upstream);
    void connect_failed(bool timed_out);
    void send_request();
    void rearm_deadline(Time now);
    void pump_request(bool first);
    void write_upstream(std::span<const std::string_view> pieces, bool with_head);
    void upstream_was_written(const std::shared_ptr<Upstream>& upstream, Error error);
    void request_is_sent();
    void begin_again();
    bool retry_stale();
    bool retry_elsewhere();
    void drop_upstream();

    // session_response.cpp
    void read_upstream();
    void upstream_was_read(const std::shared_ptr<Upstream>& upstream, Error error, std::size_t size);
    void no_response(bool timed_out);
    void no_answer();
    void bad_response(std::string_view detail);
    void try_response_head();
    void interim_response(std::string_view bytes, const ResponseHead& head);
    void begin_response(std::string_view bytes, const ResponseHead& head);
    ResponseFacts response_facts() const;
    void pump_response(bool end);
    void write_client(std::span<const std::string_view> pieces, bool with_head);
    void client_was_written(Error error, std::size_t size);
    void finish_response();
    void keep_or_drop_upstream();
    void upstream_broke();
    void record(int status);

    // session_hedge.cpp
    void begin_hedge();
    void drop_hedge();
    void hedge_changed();
    void hear_hedge();
    bool left_to_hedge();
    void first_and_last_failed();
    void note_pace();

    // session_tunnel.cpp
    void begin_tunnel(std::string_view bytes, const ResponseHead& head);
    void tunnel_up();
    void tunnel_down();
    void tunnel_half_closed();

    // session_rule.cpp
    bool answered_by_rule(std::string_view bytes, const RequestHead& head);
    void begin_mirrors();
    void mirror(std::span<const std::string_view> pieces, bool with_head, bool whole);
    void drop_mirrors();

    // session_cache.cpp
    bool has_cache() const;
    bool answered_by_cache(std::string_view bytes, const RequestHead& head);
    bool seek_in_cache();
    void landed(const ResponseCache::Landing& landing, std::uint64_t ticket);
    void use_stored(const StoredPtr& stored, std::string_view note);
    bool covered_by_cache();
    void outdate(std::string_view bytes, const ResponseHead& head);
    bool cache_takes(std::string_view bytes, const ResponseHead& head, const CompressionPlan& plan);
    void keep(const StoredPtr& stored, const Moment& asked);

    // session_fill.cpp
    void fill(bool end);
    bool collect(bool end);
    void finish_fill();
    void send_collected();

    // session_compress.cpp
    bool compress(bool end, std::string& out);
    void pump_compressed(bool end);

    // session_reply.cpp
    void refuse(const Refusal& refusal);
    void refuse_wire(const http::WireRefusal& refusal);
    void reply(http::Response response, std::string_view slug);
    void finish_request_body();

    Core& core_;
    Stream client_;
    boost::asio::ip::address peer_;
    std::string peer_text_;
    bool trusted_peer_ = false;
    ClientCertificatePtr certificate_; // by which the client has said who he is; null: none
    std::list<Client*>::iterator place_;

    Phase phase_ = Phase::idle;
    Buffer in_; // from the client
    http::HeadScanner scanner_;
    bool client_reading_ = false, client_writing_ = false, parking_ = false;
    bool fresh_ = true; // no head has come yet
    Time deadline_{};     // of the phase; of `forwarding`: until the response begins
    Time last_activity_{};

    // The request under way.
    http::Method method_ = http::Method::get;
    unsigned minor_version_ = 1;
    bool keep_alive_ = true, websocket_ = false, takes_trailers_ = false, expects_continue_ = false, client_deadline_ = false;
    std::string path_; // normalised
    trace::Context trace_; // of this gateway's work on it
    bool continues_trace_ = false;
    Time begun_{};
    http::Framing request_framing_;
    BodyRelay request_body_;
    std::uint64_t body_limit_ = 0;
    std::shared_ptr<const Snapshot> snapshot_; // keeps the route
    Admission admission_;
    const Cluster* cluster_ = nullptr;      // the service it goes to
    const Backend* backend_ = nullptr;      // of a document's route
    std::vector<std::shared_ptr<Mirror>> mirrors_;
    std::string request_head_;  // as it goes out
    Use use_;
    std::shared_ptr<Upstream> upstream_;
    std::shared_ptr<Hedge> hedge_; // a second attempt, beside the first; null: none
    bool only_hedge_ = false;      // and the first has failed
    Time asked_at_{};              // of a route that hedges: when the first attempt was sent
    unsigned attempts_ = 0;
    bool stale_retried_ = false;
    bool request_sent_ = false;   // whole
    bool request_broken_ = false; // could not be sent whole: the upstream is not reusable
    bool replayable_ = false;     // all of it is still here: it could be sent again
    bool repeatable_ = false;     // it may be: idempotent, or by an Idempotency-Key
    bool body_began_ = false;     // a byte of its body has been sent
    bool upstream_writing_ = false, upstream_reading_ = false;
    std::size_t taken_ = 0;       // at the front of in_: part of the body, being written or kept for a retry
    std::shared_ptr<Endpoint> failed_; // the instance that could not be reached, to be avoided
    Time deadline_total_{};       // until the response begins, all attempts together
    RateGuard client_sends_;
    std::shared_ptr<Session> while_waiting_; // itself: no operation keeps it when there is no room to read into
    std::string waiting_head_;    // as it came, while something is asked about first
    bool key_awaited_ = false;    // its API key has been, for this request
    std::uint64_t wait_ticket_ = 0;
    std::unique_ptr<Caching> caching_; // null: the cache has no part in it
    std::uint64_t cache_ticket_ = 0;
    http::Coding coding_ = http::Coding::identity; // of the answer, that the client wants where the route compresses
    std::unique_ptr<Compressing> compressing_;     // null: the answer goes on as it comes

    // The response under way.
    int status_ = 0;
    bool response_began_ = false; // its final head has come
    bool response_head_sent_ = false;
    bool interim_ = false;        // a 1xx head is being written
    bool interim_sent_ = false;   // one has been
    bool response_end_ = false;   // the batch being written is the last
    bool upstream_ended_ = false; // closed by the upstream where that ends the body
    bool upstream_keep_alive_ = false, event_stream_ = false;
    std::string response_head_;   // as it goes out
    std::string reply_body_;
    BodyRelay response_body_;
    std::size_t unconsumed_down_ = 0; // of upstream_->in, being written
    RateGuard client_takes_;

    // The tunnel.
    bool client_ended_ = false, server_ended_ = false;
};

/// A gathered write of at most this many pieces, without allocation.
class Pieces {
public:
    using value_type = boost::asio::const_buffer;
    void add(std::string_view piece) {
        if (!piece.empty()) pieces_[count_++] = boost::asio::const_buffer(piece.data(), piece.size());
    }
    const value_type* begin() const { return pieces_.data(); }
    const value_type* end() const { return pieces_.data() + count_; }
    bool empty() const { return count_ == 0; }

private:
    std::array<value_type, 21> pieces_{};
    std::size_t count_ = 0;
};

} // namespace gravity::gateway
