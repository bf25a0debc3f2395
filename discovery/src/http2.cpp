#include "http2.hpp"

#include <iterator>
#include <nghttp2/nghttp2.h>
#include <stdexcept>

namespace gravity::registry::http2 {
namespace {

constexpr std::size_t most_body_bytes = 64 * 1024;

nghttp2_nv field(std::string_view name, std::string_view value) {
    // nghttp2 copies both.
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())), reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
            value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::optional<int> number_from(std::string_view text) {
    int number = 0;
    if (text.empty() || text.size() > 3) return std::nullopt;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    return number;
}

// A number of protobuf: seven bits a byte, the lowest first.
std::optional<std::uint64_t> take_varint(std::string_view& from) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !from.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(from.front());
        from.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) return value;
    }
    return std::nullopt;
}

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
}

bool skip(std::string_view& from, std::uint64_t bytes) {
    if (bytes > from.size()) return false;
    from.remove_prefix(static_cast<std::size_t>(bytes));
    return true;
}

} // namespace

struct Session::State {
    nghttp2_session* session = nullptr;
    std::string to_send; // of the call's body
    std::size_t sent = 0;
    std::int32_t stream = -1;
    bool ponged = false, excess = false;
    Outcome partial;
    std::optional<Outcome> outcome;

    ~State() { nghttp2_session_del(session); }

    static State& of(void* user) { return *static_cast<State*>(user); }

    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) of(user).ponged = true;
        return 0;
    }
    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                         std::size_t value_size, std::uint8_t, void* user) {
        State& state = of(user);
        if (frame->hd.stream_id != state.stream) return 0;
        const std::string_view key(reinterpret_cast<const char*>(name), name_size), text(reinterpret_cast<const char*>(value), value_size);
        if (key == ":status") state.partial.http_status = number_from(text).value_or(0);
        if (key == "content-type") state.partial.content_type = text;
        if (key == "grpc-status") state.partial.grpc_status = number_from(text);
        if (key == "grpc-message") state.partial.grpc_message = text;
        return 0;
    }
    static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size, void* user) {
        State& state = of(user);
        if (stream != state.stream) return 0;
        if (state.partial.body.size() + size > most_body_bytes) {
            state.excess = true;
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
        state.partial.body.append(reinterpret_cast<const char*>(data), size);
        return 0;
    }
    static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
        State& state = of(user);
        if (stream == state.stream) state.outcome = std::move(state.partial);
        return 0;
    }
    static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size, std::uint32_t* flags, nghttp2_data_source* source, void*) {
        State& state = of(source->ptr);
        const std::size_t taken = state.to_send.copy(reinterpret_cast<char*>(into), size, state.sent);
        state.sent += taken;
        if (state.sent == state.to_send.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(taken);
    }
};

Session::Session() : state_(std::make_unique<State>()) {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, State::on_frame);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, State::on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, State::on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, State::on_close);
    const int made = nghttp2_session_client_new(&state_->session, callbacks, state_.get());
    nghttp2_session_callbacks_del(callbacks);
    if (made != 0) throw std::bad_alloc();
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 64 * 1024}};
    if (nghttp2_submit_settings(state_->session, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0) throw std::bad_alloc();
}

Session::~Session() = default;

void Session::ping() {
    if (nghttp2_submit_ping(state_->session, NGHTTP2_FLAG_NONE, nullptr) != 0) throw std::bad_alloc();
}

void Session::call(std::string scheme, std::string authority, std::string path, std::string message) {
    for (int shift = 24; shift >= 0; shift -= 8) { // not compressed, and its length
        if (shift == 24) state_->to_send += '\0';
        state_->to_send += static_cast<char>(message.size() >> shift);
    }
    state_->to_send += message;
    const nghttp2_nv fields[] = {field(":method", "POST"),
                                 field(":scheme", scheme),
                                 field(":path", path),
                                 field(":authority", authority),
                                 field("te", "trailers"),
                                 field("content-type", "application/grpc"),
                                 field("user-agent", "Consul Health Check")};
    nghttp2_data_provider body{};
    body.source.ptr = state_.get();
    body.read_callback = State::read_body;
    state_->stream = nghttp2_submit_request(state_->session, nullptr, fields, std::size(fields), &body, nullptr);
    if (state_->stream < 0) throw std::bad_alloc();
}

std::string Session::output() {
    std::string bytes;
    for (;;) {
        const std::uint8_t* piece = nullptr;
        const ssize_t size = nghttp2_session_mem_send(state_->session, &piece);
        if (size <= 0) return bytes;
        bytes.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(size));
    }
}

bool Session::feed(std::string_view bytes) {
    const ssize_t taken = nghttp2_session_mem_recv(state_->session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return taken == static_cast<ssize_t>(bytes.size()) && !state_->excess;
}

bool Session::answered_ping() const { return state_->ponged; }
const std::optional<Outcome>& Session::outcome() const { return state_->outcome; }

std::string health_request(std::string_view service) {
    std::string message;
    if (service.empty()) return message; // the server as a whole
    message += '\x0A'; // field 1, a text
    append_varint(message, service.size());
    return message += service;
}

std::optional<std::string> health_status(std::string_view body) {
    constexpr std::string_view names[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
    if (body.size() < 5 || body[0] != '\0') return std::nullopt; // we did not say that we read compressed ones
    std::uint64_t size = 0;
    for (std::size_t i = 1; i < 5; ++i) size = size << 8 | static_cast<unsigned char>(body[i]);
    std::string_view message = body.substr(5);
    if (size != message.size()) return std::nullopt;
    std::uint64_t status = 0; // what protobuf leaves out
    while (!message.empty()) {
        const auto tag = take_varint(message);
        if (!tag) return std::nullopt;
        std::optional<std::uint64_t> length;
        switch (*tag & 7) {
        case 0: {
            const auto value = take_varint(message);
            if (!value) return std::nullopt;
            if (*tag >> 3 == 1) status = *value;
            continue;
        }
        case 1: length = 8; break;
        case 2: length = take_varint(message); break;
        case 5: length = 4; break;
        default: break;
        }
        if (!length || !skip(message, *length)) return std::nullopt;
    }
    return status < std::size(names) ? std::string(names[status]) : std::to_string(status);
}

std::string grpc_code(int status) {
    constexpr std::string_view names[] = {"OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound",
                                          "AlreadyExists", "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange",
                                          "Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated"};
    return static_cast<std::size_t>(status) < std::size(names) ? std::string(names[static_cast<std::size_t>(status)]) : "Code(" + std::to_string(status) + ")";
}

} // namespace gravity::registry::http2
