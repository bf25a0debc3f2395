#pragma once

#include "client.hpp"
#include "core.hpp"
#include "rate_guard.hpp"
#include "stream.hpp"

#include <list>
#include <memory>
#include <nghttp2/nghttp2.h>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gravity::gateway {

class Http2Stream;

/// How HTTP/2 is called in a TLS handshake (RFC 9113 section 3.2), and what a client who knows that we speak it sends first (section 3.4).
inline constexpr std::string_view http2_protocol = "h2";
inline constexpr std::string_view http2_preface_head = "PRI * HTTP/2.0\r\n\r\n";

/// From now on these certificates' handshakes choose HTTP/2 where the client offers it and `http2` says so, else HTTP/1.1.
void choose_protocol(boost::asio::ssl::context& certificates, bool http2);

/// A client's connection of HTTP/2 (RFC 9113). Its frames are nghttp2's matter; each of its requests is a session's, as if it had come by itself over HTTP/1.1:
/// so all that is decided about a request, is decided in one place. The price is a head that is written twice, which a client of HTTP/1.1 does not pay.
///
/// Bounded: requests at a time, bytes of bodies that nobody has read yet (by the windows), heads, how often a client takes requests back (CVE-2023-44487).
class Http2Connection final : public Client, public std::enable_shared_from_this<Http2Connection> {
public:
    /// `certificate`: by which the client has said who he is; null: none.
    Http2Connection(Core& core, Stream client, const boost::asio::ip::address& peer, ClientCertificatePtr certificate);
    ~Http2Connection();

    /// `received`: what has been read from the connection, the preface's beginning first.
    void start(std::string_view received);
    void check(std::chrono::steady_clock::time_point now) override;
    void begin_drain() override;
    bool waits() const override { return streams_.empty(); }
    void close() override;

    // For its streams.
    Core& core() { return core_; }
    nghttp2_session* frames() { return frames_.get(); }
    const boost::asio::ip::address& peer() const { return peer_; }
    bool secure() const { return client_.secure(); }
    const ClientCertificatePtr& certificate() const { return certificate_; }
    /// There is something to be sent.
    void has_output();

private:
    using Time = std::chrono::steady_clock::time_point;
    using Error = boost::system::error_code;
    struct Events; // what nghttp2 tells
    enum class Phase : std::uint8_t {
        open,
        lingering, // all is said; waits for the client to close
        closed
    };
    struct Delete {
        void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
    };

    void read();
    void was_read(Error error, std::size_t size);
    bool understand(std::string_view bytes);
    void write();
    void was_written(Error error, std::size_t size);
    void linger();
    void park();
    void note_reset();
    void stream_ended(std::int32_t id);

    Core& core_;
    Stream client_;
    boost::asio::ip::address peer_;
    ClientCertificatePtr certificate_;
    std::list<Client*>::iterator place_;
    std::unique_ptr<nghttp2_session, Delete> frames_;
    std::unordered_map<std::int32_t, std::unique_ptr<Http2Stream>> streams_;
    Phase phase_ = Phase::open;
    Buffer in_;
    std::string out_; // being written
    bool reading_ = false, writing_ = false, will_write_ = false, parking_ = false;
    bool drains_ = false, said_goodbye_ = false;
    Time deadline_{}; // while there is no request, and of a phase that ends
    RateGuard client_takes_;
    double resets_left_;
    Time reset_at_{};
};

} // namespace gravity::gateway
