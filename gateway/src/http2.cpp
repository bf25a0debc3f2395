#include "http2.hpp"

#include "http2_stream.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>

#include <algorithm>
#include <iterator>
#include <new>

namespace gravity::gateway {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr std::uint32_t most_streams = 100;           // at a time
constexpr std::uint32_t stream_window = 128 * 1024;   // bytes of a body that nobody has read yet
constexpr std::int32_t connection_window = 1024 * 1024;
constexpr std::size_t batch_bytes = 64 * 1024;
// Streams that are taken back cost the client nothing and the services behind us a request each. Less than the 1,000 of nghttp2's own limit, which calls it an
// error of ours and does not count the errors that a client provokes.
constexpr double most_resets = 500, resets_per_second = 33;

constexpr unsigned char both[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr unsigned only_first = 3; // the part of `both` that offers HTTP/2

int choose(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned offered_size, void* http2) {
    const unsigned skip = http2 != nullptr ? 0 : only_first;
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, both + skip, sizeof both - skip, offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; // RFC 7301 section 3.2: no protocol in common
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

} // namespace

void choose_protocol(asio::ssl::context& certificates, bool http2) {
    static char yes; // any address will do
    SSL_CTX_set_alpn_select_cb(certificates.native_handle(), choose, http2 ? &yes : nullptr);
}

struct Http2Connection::Events {
    static Http2Connection& of(void* user) { return *static_cast<Http2Connection*>(user); }
    static Http2Stream* stream(void* user, std::int32_t id) {
        const auto at = of(user).streams_.find(id);
        return at == of(user).streams_.end() ? nullptr : at->second.get();
    }

    static int head_begins(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
        Http2Connection& self = of(user);
        self.streams_.emplace(frame->hd.stream_id, std::make_unique<Http2Stream>(self, frame->hd.stream_id));
        return 0;
    }
    static int field(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                     std::size_t value_size, std::uint8_t, void* user) {
        if (Http2Stream* const on = stream(user, frame->hd.stream_id)) on->field(text_of(name, name_size), text_of(value, value_size));
        return 0;
    }
    /// RFC 9113 section 8.2.1: a request with such a field is malformed; nghttp2 by itself would only leave the field out.
    static int bad_field(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void* user) {
        of(user).core_.shared().telemetry.malformed.add();
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    static int frame_came(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (frame->hd.type == NGHTTP2_RST_STREAM) of(user).note_reset();
        if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
        Http2Stream* const on = stream(user, frame->hd.stream_id);
        if (on == nullptr) return 0;
        const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (!on->has_begun()) on->head_is_complete(ends);
        else if (ends) on->end();
        return 0;
    }
    static int data(nghttp2_session* frames, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* user) {
        if (Http2Stream* const on = stream(user, id)) on->body(text_of(bytes, size));
        else if (nghttp2_session_consume(frames, id, size) != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
        return 0;
    }
    static int frame_went(nghttp2_session* frames, const nghttp2_frame* frame, void* user) {
        // Errors that a client provokes cost us as much as those it sends.
        if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) of(user).note_reset();
        const bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (!ends || nghttp2_session_get_stream_remote_close(frames, frame->hd.stream_id) != 0) return 0;
        // Answered before all of the request has come: the rest is not wanted (RFC 9113 section 8.1).
        return nghttp2_submit_rst_stream(frames, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        of(user).stream_ended(id);
        return 0;
    }
};

Http2Connection::Http2Connection(Core& core, Stream client, const asio::ip::address& peer, ClientCertificatePtr certificate)
    : core_(core),
      client_(std::move(client)),
      peer_(peer),
      certificate_(std::move(certificate)),
      place_(core.add(*this)),
      in_(core.slab()),
      resets_left_(most_resets) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* options = nullptr;
    nghttp2_session* made = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Events::head_begins);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, Events::field);
        nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, Events::bad_field);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Events::frame_came);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Events::data);
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Events::frame_went);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Events::stream_closed);
        nghttp2_option_set_no_auto_window_update(options, 1); // the windows open when a session has read
        nghttp2_session_server_new2(&made, callbacks, this, options);
    }
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    frames_.reset(made);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, most_streams},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
                                               {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, head_limits.bytes}};
    const bool ready = made != nullptr && nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings, std::size(settings)) == 0 &&
                       nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, connection_window) == 0;
    if (ready) return;
    core_.remove(place_);
    throw std::bad_alloc();
}

Http2Connection::~Http2Connection() = default;

void Http2Connection::start(std::string_view received) {
    reset_at_ = steady_clock::now();
    deadline_ = reset_at_ + core_.options().head_timeout;
    core_.shared().telemetry.http2_connections.add();
    if (!understand(received)) return close();
    read();
    has_output();
}

void Http2Connection::close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    streams_.clear(); // whose sessions hear of it later
    client_.close();
    core_.remove(place_);
}

void Http2Connection::read() {
    if (reading_ || phase_ == Phase::closed) return;
    reading_ = true;
    const Buffer::Space space = in_.space();
    client_.async_read_some(asio::buffer(space.data, space.size), [self = shared_from_this()](Error error, std::size_t size) { self->was_read(error, size); });
}

void Http2Connection::was_read(Error error, std::size_t size) {
    reading_ = false;
    if (phase_ == Phase::closed) return;
    if (std::exchange(parking_, false) && error == asio::error::operation_aborted) return park();
    if (error) return close();
    in_.commit(size);
    const bool understood = phase_ == Phase::lingering || understand(in_.view());
    in_.consume(in_.size());
    if (!understood) return close();
    has_output();
    read();
}

/// False if there is no going on, not even with a word of why.
bool Http2Connection::understand(std::string_view bytes) {
    const ssize_t taken = nghttp2_session_mem_recv(frames_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (taken < 0) core_.shared().telemetry.malformed.add();
    return taken >= 0;
}

/// An idle connection waits without a buffer.
void Http2Connection::park() {
    in_.release();
    out_ = std::string();
    client_.socket().async_wait(Socket::wait_read, [self = shared_from_this()](Error) { self->read(); });
}

void Http2Connection::has_output() {
    if (will_write_ || writing_) return;
    will_write_ = true; // once for all that happens in this turn
    asio::post(core_.io(), [self = shared_from_this()] {
        self->will_write_ = false;
        self->write();
    });
}

void Http2Connection::write() {
    if (writing_ || phase_ != Phase::open) return;
    out_.clear();
    while (out_.size() < batch_bytes) {
        const std::uint8_t* bytes = nullptr;
        const ssize_t size = nghttp2_session_mem_send(frames_.get(), &bytes);
        if (size < 0) return close();
        if (size == 0) break;
        out_.append(text_of(bytes, static_cast<std::size_t>(size)));
    }
    if (out_.empty()) {
        if (nghttp2_session_want_read(frames_.get()) == 0 && nghttp2_session_want_write(frames_.get()) == 0) linger();
        return;
    }
    writing_ = true;
    client_takes_.begin(steady_clock::now());
    asio::async_write(client_, asio::buffer(out_), [self = shared_from_this()](Error error, std::size_t size) { self->was_written(error, size); });
}

void Http2Connection::was_written(Error error, std::size_t size) {
    writing_ = false;
    if (phase_ == Phase::closed) return;
    if (error) return close();
    client_takes_.end(steady_clock::now(), size, core_.options().least_rate);
    write();
}

/// As RFC 9112 section 9.6 has it: closing with unread bytes would destroy what is on its way.
void Http2Connection::linger() {
    phase_ = Phase::lingering;
    deadline_ = steady_clock::now() + core_.options().linger;
    streams_.clear();
    if (client_.speaks_tls()) client_.async_shutdown([self = shared_from_this()](Error) { self->close(); });
    else client_.end_output();
}

void Http2Connection::stream_ended(std::int32_t id) {
    const auto at = streams_.find(id);
    if (at == streams_.end()) return;
    nghttp2_session_consume_connection(frames_.get(), at->second->held()); // room for others
    streams_.erase(at);
    if (!streams_.empty()) return;
    client_takes_.reset();
    deadline_ = steady_clock::now() + core_.options().idle_timeout;
}

void Http2Connection::note_reset() {
    const auto now = steady_clock::now();
    resets_left_ = std::min(most_resets, resets_left_ + resets_per_second * std::chrono::duration<double>(now - reset_at_).count());
    reset_at_ = now;
    if (resets_left_ >= 1) resets_left_ -= 1;
    else nghttp2_session_terminate_session(frames_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
}

/// RFC 9113 section 6.8: first that no more are wanted, and when those that were on their way have come, which was the last.
void Http2Connection::begin_drain() {
    drains_ = true;
    nghttp2_submit_shutdown_notice(frames_.get());
    has_output();
}

void Http2Connection::check(Time now) {
    if (phase_ == Phase::lingering) {
        if (now >= deadline_) close();
        return;
    }
    if (client_takes_.too_slow(now, core_.options().least_rate)) return close();
    const auto head_timeout = core_.options().head_timeout;
    const auto is_late = [&](const auto& entry) { return !entry.second->has_begun() && now >= entry.second->begun() + head_timeout; };
    if (std::any_of(streams_.begin(), streams_.end(), is_late)) return close();
    for (const auto& [id, stream] : streams_) stream->check(now);
    if (drains_ && !said_goodbye_) {
        said_goodbye_ = true;
        nghttp2_submit_goaway(frames_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(frames_.get()), NGHTTP2_NO_ERROR, nullptr, 0);
        has_output();
    }
    if (!streams_.empty()) return;
    if (now >= deadline_) {
        if (said_goodbye_) return close();
        said_goodbye_ = true;
        deadline_ = now + core_.options().linger;
        nghttp2_session_terminate_session(frames_.get(), NGHTTP2_NO_ERROR);
        has_output();
    } else if (reading_ && !writing_ && !parking_ && now > deadline_ - core_.options().idle_timeout + core_.options().park_after) {
        parking_ = true;
        client_.socket().cancel();
    }
}

} // namespace gravity::gateway
