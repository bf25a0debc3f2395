#include "http/connection.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace gravity::http {

namespace asio = boost::asio;
using boost::system::system_error;
using std::chrono::steady_clock;

namespace {
constexpr std::size_t body_piece = 64 * 1024;
}

/// The body is broken: nothing after it can be trusted to be a request.
void Connection::fail_body(WireRefusal refusal) {
    body_ = BodyState::failed;
    keep_alive_ = false;
    body_refusal_ = refusal;
    throw system_error(refusal.status == 408 ? make_error_code(asio::error::timed_out)
                                             : make_error_code(boost::system::errc::bad_message),
                       std::string(refusal.detail));
}

void Connection::fail_body_read() {
    if (expired_ && !gone_) {
        core_->timeouts.add();
        fail_body({408, "request-timeout", "The request body did not arrive fast enough."});
    }
    body_ = BodyState::failed;
    keep_alive_ = false;
    gone_ = true;
    throw system_error(asio::error::connection_reset, "the client went away before the end of its request");
}

/// Bytes of the body as they are on the wire, from the buffer or straight from the socket into `into`.
Task<std::size_t> Connection::read_raw(char* into, std::size_t size) {
    if (!buffer_.empty()) {
        const std::size_t taken = std::min(size, buffer_.size());
        std::memcpy(into, buffer_.view().data(), taken);
        buffer_.consume(taken);
        co_return taken;
    }
    if (gone_) fail_body_read();
    enter(Phase::body, {});
    const auto space = asio::buffer(into, size);
    auto reading = stream_.async_read_some(space, asio::as_tuple(asio::deferred));
    const auto [error, taken] = co_await std::move(reading);
    body_waited_ += steady_clock::now() - phase_since_;
    phase_ = Phase::handler;
    if (error) fail_body_read();
    body_received_ += taken;
    co_return taken;
}

Task<std::size_t> Connection::read_chunked(char* into, std::size_t size) {
    for (;;) {
        if (buffer_.empty()) {
            char* const room = buffer_.room(4096);
            const std::size_t space = std::min(buffer_.room_size(), std::max<std::size_t>(size, 4096));
            const std::size_t taken = co_await read_raw(room, space);
            buffer_.commit(taken);
        }
        const auto step = chunks_.decode(buffer_.view().substr(0, size));
        if (!step.data.empty()) std::memcpy(into, step.data.data(), step.data.size());
        buffer_.consume(step.consumed);
        if (step.state == ChunkDecoder::State::malformed)
            fail_body({400, "malformed-request", "The chunked body is malformed."});
        if (step.state == ChunkDecoder::State::done) {
            body_ = BodyState::complete;
            co_return 0;
        }
        if (!step.data.empty()) co_return step.data.size();
    }
}

/// Next bytes of the body, 0 at its end; throws if it breaks off or is too slow.
Task<std::size_t> Connection::read_decoded(char* into, std::size_t size) {
    if (body_ == BodyState::complete) co_return 0;
    if (body_ == BodyState::failed) throw system_error(asio::error::connection_reset, "the request body broke off");
    if (body_ == BodyState::unread) {
        body_ = BodyState::reading;
        if (framing_.expect_continue && buffer_.empty() && answer_ == Answer::none) {
            const Pieces go_on{"HTTP/1.1 100 Continue\r\n\r\n"};
            const bool written = co_await write(go_on);
            if (!written) fail_body_read();
        }
    }
    if (framing_.chunked) {
        const std::size_t taken = co_await read_chunked(into, size);
        co_return taken;
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, body_left_));
    const std::size_t taken = co_await read_raw(into, wanted);
    body_left_ -= taken;
    if (body_left_ == 0) body_ = BodyState::complete;
    co_return taken;
}

Task<bool> Connection::read_body(std::size_t limit) {
    if (framing_.content_length.value_or(0) > limit) co_return false;
    std::string& body = request_.body;
    while (body_ != BodyState::complete) {
        // Memory follows what has come, not what was announced.
        const std::size_t have = body.size();
        std::size_t next = std::max(have, std::min<std::size_t>(body_piece, limit + 1));
        if (framing_.content_length) next = static_cast<std::size_t>(std::min<std::uint64_t>(next, body_left_));
        next = std::min(next, limit + 1 - have); // one more than allowed shows that it is too much
        body.resize(have + next);
        std::size_t taken = 0;
        try {
            taken = co_await read_decoded(body.data() + have, next);
        } catch (...) {
            body.clear();
            throw;
        }
        body.resize(have + taken);
        if (body.size() > limit) {
            body.clear();
            co_return false;
        }
    }
    co_return true;
}

Task<std::string> Connection::read_some() {
    std::string data;
    if (body_ == BodyState::complete) co_return data;
    // What is here already decides the size: a whole piece is zeroed for nothing when bodies are small.
    std::size_t size = body_piece;
    if (framing_.content_length) size = static_cast<std::size_t>(std::min<std::uint64_t>(size, body_left_));
    data.resize(size);
    const std::size_t taken = co_await read_decoded(data.data(), data.size());
    data.resize(taken);
    co_return data;
}

/// Gets a body that the handler did not want out of the way of the next request, if that is cheap.
Task<bool> Connection::discard_body() {
    if (body_ == BodyState::failed) co_return false;
    // An unanswered expectation: the client may or may not send the body now, so what follows is ambiguous (RFC 9110 section 10.1.1).
    if (body_ == BodyState::unread && framing_.expect_continue && buffer_.empty()) co_return false;
    if (!keep_alive_ || body_left_ > body_piece) co_return false;
    char scrap[4096];
    std::size_t discarded = 0;
    try {
        while (body_ != BodyState::complete && discarded <= body_piece) {
            const std::size_t taken = co_await read_decoded(scrap, sizeof scrap);
            discarded += taken;
        }
    } catch (const system_error&) {
        co_return false; // the answer is out; there is nothing more to say on this connection
    }
    co_return body_ == BodyState::complete;
}

} // namespace gravity::http
