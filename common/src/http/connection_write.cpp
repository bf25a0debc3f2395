#include "http/connection.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <charconv>
#include <stdexcept>

namespace gravity::http {

namespace asio = boost::asio;
using boost::system::system_error;

namespace {

constexpr std::size_t tls_record = 16 * 1024;

void append_number(std::string& out, std::uint64_t value, int base = 10) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
    out.append(digits, end);
}

std::size_t total(const std::array<std::string_view, 3>& pieces) {
    return pieces[0].size() + pieces[1].size() + pieces[2].size();
}

void drop(std::array<std::string_view, 3>& pieces, std::size_t n) {
    for (auto& one : pieces) {
        const std::size_t taken = std::min(n, one.size());
        one.remove_prefix(taken);
        n -= taken;
    }
}

std::array<asio::const_buffer, 3> buffers_of(const std::array<std::string_view, 3>& pieces) {
    return {asio::buffer(pieces[0]), asio::buffer(pieces[1]), asio::buffer(pieces[2])};
}

} // namespace

bool Connection::body_forbidden(int status) const {
    return request_.method == Method::head || status == 204 || status == 304;
}

/// The status line and the handler's fields; those that frame the message are ours alone.
void Connection::begin_head(int status, const Headers& headers) {
    if (status < 200 || status > 999) throw std::invalid_argument("not a final status: " + std::to_string(status));
    bool upgrade = false;
    out_ = "HTTP/1.1 ";
    append_number(out_, static_cast<std::uint64_t>(status));
    out_ += ' ';
    out_ += reason_phrase(status);
    out_ += "\r\n";
    for (const auto& [name, value] : headers.entries()) {
        if (!is_token(name) || !is_field_value(value)) throw std::invalid_argument("not a header field: " + name);
        switch (name.size()) {
        case 4:
            if (iequals(name, "date")) continue;
            break;
        case 7:
            if (iequals(name, "upgrade")) upgrade = true;
            break;
        case 10:
            if (iequals(name, "keep-alive")) continue;
            if (iequals(name, "connection")) {
                each_list_member(value, [this](std::string_view option) {
                    if (iequals(option, "close")) keep_alive_ = false;
                });
                continue;
            }
            break;
        case 14:
            if (iequals(name, "content-length")) continue;
            break;
        case 17:
            if (iequals(name, "transfer-encoding")) continue;
            break;
        default: break;
        }
        out_ += name;
        out_ += ": ";
        out_ += value;
        out_ += "\r\n";
    }
    if (core_->draining) keep_alive_ = false;
    if (body_ == BodyState::unread && framing_.expect_continue && buffer_.empty()) keep_alive_ = false; // see discard_body
    if (body_ != BodyState::complete && (body_left_ > 64 * 1024 || body_ == BodyState::failed)) keep_alive_ = false;
    if (upgrade) out_ += keep_alive_ ? "Connection: upgrade\r\n" : "Connection: close, upgrade\r\n";
    else if (!keep_alive_) out_ += "Connection: close\r\n";
    else if (framing_.minor_version == 0) out_ += "Connection: keep-alive\r\n";
}

void Connection::end_head(std::optional<std::uint64_t> length, bool chunked) {
    if (length) {
        out_ += "Content-Length: ";
        append_number(out_, *length);
        out_ += "\r\n";
    }
    if (chunked) out_ += "Transfer-Encoding: chunked\r\n";
    out_ += "Date: ";
    out_ += core_->date();
    out_ += "\r\n\r\n";
}

/// Sends what the kernel takes at once. True if that was all; otherwise `pieces` holds the rest (or gone_ is set).
bool Connection::write_now(Pieces& pieces) {
    if (stream_.secure()) return false;
    boost::system::error_code error;
    const auto buffers = buffers_of(pieces);
    const std::size_t wanted = total(pieces);
    const std::size_t written = stream_.socket().write_some(buffers, error);
    if (error && error != asio::error::would_block) gone_ = true;
    if (written == wanted && !error) return true;
    if (!error) drop(pieces, written);
    return false;
}

/// Writes all of it. False if the peer is gone or took nothing for too long.
Task<bool> Connection::write(Pieces pieces) {
    if (gone_) co_return false;
    if (write_now(pieces)) co_return true; // nearly always: no suspension, no round through the reactor
    std::string record;
    if (stream_.secure() && total(pieces) <= tls_record && !pieces[1].empty()) { // one record instead of one a piece
        record.reserve(total(pieces));
        for (const auto& one : pieces) record += one;
        pieces = {record};
    }
    while (!gone_ && total(pieces) != 0) {
        enter(Phase::writing, core_->options.write_stall);
        while (stream_.secure() && pieces[0].empty()) pieces = {pieces[1], pieces[2], {}}; // an empty write is an empty record
        const auto buffers = buffers_of(pieces);
        auto writing = stream_.async_write_some(buffers, asio::as_tuple(asio::deferred));
        const auto [error, written] = co_await std::move(writing);
        if (error) gone_ = true;
        drop(pieces, written);
    }
    phase_ = Phase::handler;
    co_return !gone_;
}

Task<void> Connection::respond(Response response) {
    if (answer_ != Answer::none) throw std::logic_error("the request has been answered already");
    if (body_refusal_) { // the body broke: that is the answer, whatever the handler made of the exception
        const WireRefusal refusal = body_refusal_;
        co_await refuse(refusal);
        co_return;
    }
    begin_head(response.status, response.headers);
    std::optional<std::uint64_t> length = response.body.size();
    if (response.status == 204 || response.status == 304) length.reset();
    else if (request_.method == Method::head && response.body.empty()) {
        // The handler may know the length that GET would have without making the body (RFC 9110 section 8.6).
        const auto given = response.headers.get("Content-Length");
        std::uint64_t value = 0;
        if (given && std::from_chars(given->data(), given->data() + given->size(), value).ec == std::errc{}) length = value;
    }
    end_head(length, false);
    answer_ = Answer::complete;
    const bool bare = body_forbidden(response.status);
    Pieces pieces{out_, bare ? std::string_view{} : std::string_view(response.body), {}};
    if (!gone_ && write_now(pieces)) co_return;
    co_await write(pieces);
}

/// Writes the body of one exchange; tells a caller off who keeps it longer.
class StreamWriter final : public BodyWriter {
public:
    enum class Mode : std::uint8_t {
        length,
        chunked,
        until_close,
        none
    };
    StreamWriter(std::shared_ptr<Connection> connection, Mode mode, std::uint64_t length)
        : connection_(std::move(connection)), exchange_(connection_->exchange_number_), mode_(mode), left_(length) {}

    Task<void> write(std::string_view data) override {
        check_open();
        if (mode_ == Mode::length) {
            if (data.size() > left_) throw std::length_error("more body than the announced Content-Length");
            left_ -= data.size();
        }
        if (data.empty() || mode_ == Mode::none) co_return;
        std::string head = take_head();
        std::string_view tail;
        if (mode_ == Mode::chunked) {
            append_number(head, data.size(), 16);
            head += "\r\n";
            tail = "\r\n";
        }
        const Connection::Pieces pieces{head, data, tail};
        const bool written = co_await connection_->write(pieces);
        if (!written) fail();
    }

    Task<void> finish() override {
        check_open();
        if (mode_ == Mode::length && left_ != 0) throw std::length_error("less body than the announced Content-Length");
        std::string last = take_head();
        if (mode_ == Mode::chunked) last += "0\r\n\r\n";
        if (!last.empty()) {
            const Connection::Pieces pieces{last};
            const bool written = co_await connection_->write(pieces);
            if (!written) fail();
        }
        connection_->answer_ = Connection::Answer::complete;
        if (mode_ == Mode::until_close) connection_->keep_alive_ = false;
    }

private:
    void check_open() const {
        if (connection_->exchange_number_ != exchange_ || connection_->answer_ != Connection::Answer::started)
            throw std::logic_error("the response body has been finished, or its handler has returned");
    }
    [[noreturn]] static void fail() {
        throw system_error(asio::error::connection_reset, "the client went away before the end of the response");
    }
    std::string take_head() {
        if (!connection_->hold_head_) return {};
        connection_->hold_head_ = false;
        return connection_->out_;
    }

    std::shared_ptr<Connection> connection_;
    std::uint64_t exchange_;
    Mode mode_;
    std::uint64_t left_;
};

Task<std::unique_ptr<BodyWriter>> Connection::stream(int status, Headers headers, std::optional<std::uint64_t> length) {
    if (answer_ != Answer::none) throw std::logic_error("the request has been answered already");
    if (body_refusal_) throw system_error(make_error_code(boost::system::errc::bad_message), "the request body broke off");
    using Mode = StreamWriter::Mode;
    const bool without_length = status == 204 || status == 304;
    Mode mode = length ? Mode::length : framing_.minor_version >= 1 ? Mode::chunked
                                                                    : Mode::until_close;
    if (mode == Mode::until_close && !without_length) keep_alive_ = false;
    begin_head(status, headers);
    end_head(without_length ? std::nullopt : length, mode == Mode::chunked && !without_length);
    if (body_forbidden(status)) mode = Mode::none;
    answer_ = Answer::started;
    hold_head_ = mode == Mode::length && *length != 0; // its body follows at once; an event stream's may not
    auto writer = std::make_unique<StreamWriter>(shared_from_this(), mode, length.value_or(0));
    if (!hold_head_) {
        const Pieces pieces{out_};
        const bool written = co_await write(pieces);
        if (!written) throw system_error(asio::error::connection_reset, "the client went away before the response");
    }
    co_return writer;
}

} // namespace gravity::http
