#include "http/client_connection.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <openssl/ssl.h>

#include <poll.h>

namespace gravity::http {

namespace asio = boost::asio;
using asio::as_tuple;
using asio::deferred;
using asio::ip::tcp;
using std::chrono::steady_clock;

void ClientConnection::fail(ClientFailure otherwise, const std::string& what) {
    complete_ = false;
    if (expired_) throw ClientError(ClientFailure::timeout, sent_, "timed out (" + what + ")");
    throw ClientError(otherwise, sent_, what);
}

void ClientConnection::set_deadline(Deadline deadline) {
    expired_ = false;
    timer_.expires_at(deadline);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self || self->timer_.expiry() > steady_clock::now()) return; // cancelled, or set anew meanwhile
        self->expired_ = true;
        self->cut();
    });
}

bool ClientConnection::still_open() {
    pollfd watched{stream_.socket().native_handle(), POLLIN | POLLRDHUP, 0};
    if (::poll(&watched, 1, 0) <= 0) return true;
    // TLS servers send session tickets whenever they like; on a plain connection nothing may come unasked.
    return stream_.secure() && (watched.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) == 0;
}

Task<bool> ClientConnection::connect_to(tcp::endpoint endpoint) {
    boost::system::error_code error;
    if (stream_.socket().is_open()) stream_.socket().close(error);
    stream_.socket().open(endpoint.protocol(), error);
    if (error) co_return false;
    // An attempt of its own timer: one dead address must not eat the whole deadline.
    auto attempt = std::make_shared<asio::steady_timer>(stream_.get_executor(), options_.connect_timeout);
    attempt->async_wait([weak = weak_from_this(), attempt](boost::system::error_code ended) {
        const auto self = weak.lock();
        if (!ended && self) self->stream_.cancel();
    });
    auto connecting = stream_.socket().async_connect(endpoint, as_tuple(deferred));
    const auto [failed] = co_await std::move(connecting);
    attempt->cancel();
    if (failed) co_return false;
    stream_.socket().set_option(tcp::no_delay(true), error);
    co_return !error;
}

Task<void> ClientConnection::connect(UrlParts url, std::vector<std::string> addresses, std::shared_ptr<asio::ssl::context> tls) {
    bool connected = false;
    for (const std::string& address : addresses) {
        boost::system::error_code error;
        const tcp::endpoint endpoint(asio::ip::make_address(address, error), url.port);
        if (error) continue;
        connected = co_await connect_to(endpoint);
        if (connected || expired_) break;
    }
    if (!connected || expired_) fail(ClientFailure::connect, "cannot connect to " + url.authority());
    if (url.secure) co_await handshake(url, std::move(tls));
}

Task<void> ClientConnection::handshake(const UrlParts& url, std::shared_ptr<asio::ssl::context> tls) {
    stream_.use_tls(std::move(tls));
    boost::system::error_code error;
    asio::ip::make_address(url.host, error);
    if (error) SSL_set_tlsext_host_name(stream_.tls().native_handle(), url.host.c_str()); // no SNI for addresses (RFC 6066 section 3)
    stream_.tls().set_verify_callback(asio::ssl::host_name_verification(url.host), error);
    auto shaking = stream_.tls().async_handshake(asio::ssl::stream_base::client, as_tuple(deferred));
    const auto [failed] = co_await std::move(shaking);
    if (failed) fail(ClientFailure::tls, "TLS handshake with " + url.authority() + " failed: " + failed.message());
}

Task<bool> ClientConnection::write(std::string_view head, std::string_view body) {
    std::string record;
    if (stream_.secure() && !body.empty() && head.size() + body.size() <= 16 * 1024) {
        record.append(head).append(body);
        head = record;
        body = {};
    }
    while (!head.empty() || !body.empty()) {
        if (stream_.secure() && head.empty()) std::swap(head, body);
        const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
        auto writing = stream_.async_write_some(buffers, as_tuple(deferred));
        const auto [error, written] = co_await std::move(writing);
        if (written != 0) sent_ = true;
        const std::size_t from_head = std::min(written, head.size());
        head.remove_prefix(from_head);
        body.remove_prefix(written - from_head);
        if (error) {
            // Of a TLS record that failed half-way nothing is known.
            if (stream_.secure()) sent_ = true;
            co_return false;
        }
    }
    co_return true;
}

Task<bool> ClientConnection::fill() {
    char* const room = buffer_.room(4096);
    const auto space = asio::buffer(room, buffer_.room_size());
    auto reading = stream_.async_read_some(space, as_tuple(deferred));
    const auto [error, size] = co_await std::move(reading);
    buffer_.commit(size);
    if (error && error != asio::error::eof) truncated_ = true;
    if (size != 0) answered_ = true;
    co_return !error;
}

Task<Response> ClientConnection::exchange(std::string head, std::string_view body, Method method) {
    sent_ = answered_ = complete_ = truncated_ = false;
    chunks_.reset();
    const bool written = co_await write(head, body);
    if (!written && !sent_) fail(ClientFailure::reset, "the connection was closed before the request");
    // A server may have answered (413, say) and closed while the body was still on its way: the answer counts.
    Response response;
    HeadScanner scanner;
    for (int skipped = 0;; ++skipped) {
        scanner.reset();
        auto found = HeadScanner::Result::incomplete;
        if (!buffer_.empty()) found = scanner.scan(buffer_.view(), options_.head);
        while (found == HeadScanner::Result::incomplete) {
            const bool more = co_await fill();
            if (!more) fail(ClientFailure::reset, answered_ ? "the response head broke off" : "the connection was closed without a response");
            found = scanner.scan(buffer_.view(), options_.head);
        }
        WireRefusal refusal = scanner.refusal();
        if (!refusal) refusal = parse_response_head(buffer_.view().substr(0, scanner.length()), options_.head, method, response, framing_);
        if (refusal) fail(ClientFailure::protocol, "the response is malformed: " + std::string(refusal.detail));
        buffer_.consume(scanner.length());
        if (response.status >= 200) break;
        if (response.status == 101 || skipped == 10) fail(ClientFailure::protocol, "an interim response that was not asked for");
    }
    if (!written) framing_.keep_alive = false;
    left_ = framing_.content_length.value_or(0);
    complete_ = !framing_.has_body();
    co_return response;
}

Task<std::string> ClientConnection::read_body() {
    std::string data;
    while (data.empty() && !complete_) {
        if (buffer_.empty()) {
            const bool more = co_await fill();
            if (!more && buffer_.empty()) {
                // Only an orderly end delimits a body without length (RFC 9112 section 8).
                if (framing_.until_close && !truncated_ && !expired_) {
                    complete_ = true;
                    break;
                }
                fail(ClientFailure::reset, "the response body broke off");
            }
        }
        const std::string_view input = buffer_.view().substr(0, 64 * 1024);
        if (framing_.chunked) {
            const auto step = chunks_.decode(input);
            data.assign(step.data);
            buffer_.consume(step.consumed);
            if (step.state == ChunkDecoder::State::malformed) fail(ClientFailure::protocol, "the chunked response body is malformed");
            if (step.state == ChunkDecoder::State::done) complete_ = true;
        } else {
            std::size_t size = input.size();
            if (!framing_.until_close) {
                size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
                left_ -= size;
                if (left_ == 0) complete_ = true;
            }
            data.assign(input.substr(0, size));
            buffer_.consume(size);
        }
    }
    co_return data;
}

} // namespace gravity::http
