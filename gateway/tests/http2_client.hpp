#pragma once

#include "support.hpp"

#include <map>
#include <nghttp2/nghttp2.h>

namespace gravity::gateway::test {

/// A client of HTTP/2 by nghttp2, over a blocking socket.
class Http2Client {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;
    struct Answer {
        int status = 0;
        std::vector<int> interim;
        Fields fields, trailer;
        std::string body;
        bool ended = false; // as it should: END_STREAM came
        std::optional<std::uint32_t> closed; // with this code
        std::optional<std::string> field(std::string_view name) const {
            for (const auto& [key, value] : fields)
                if (key == name) return value;
            return std::nullopt;
        }
    };
    struct Upload {
        std::string bytes;
        Fields trailer;
        bool held = false; // its end is held back
        std::size_t sent = 0;
    };

    /// `lenient`: sends what no client may.
    explicit Http2Client(std::uint16_t port, bool lenient = false, std::uint32_t window = 65535) : wire_(Wire::connect(port)) {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
            Answer& answer = of(user).answers_[frame->hd.stream_id];
            if (answer.status >= 100 && answer.status < 200) answer.interim.push_back(std::exchange(answer.status, 0));
            return 0;
        });
        nghttp2_session_callbacks_set_on_header_callback(callbacks, field_came);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
            callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* user) {
                of(user).answers_[id].body.append(reinterpret_cast<const char*>(bytes), size);
                return 0;
            });
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
            Http2Client& self = of(user);
            if (frame->hd.type == NGHTTP2_GOAWAY) self.goaway = frame->goaway.error_code;
            if (frame->hd.type == NGHTTP2_HEADERS && self.answers_[frame->hd.stream_id].status >= 200) self.has_head_[frame->hd.stream_id] = true;
            if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
                self.answers_[frame->hd.stream_id].ended = true;
            return 0;
        });
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
            of(user).answers_[id].closed = code;
            return 0;
        });
        nghttp2_option* options = nullptr;
        nghttp2_option_new(&options);
        nghttp2_option_set_no_http_messaging(options, lenient);
        nghttp2_session_client_new2(&session_, callbacks, this, options);
        nghttp2_option_del(options);
        nghttp2_session_callbacks_del(callbacks);
        const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}};
        nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 1);
    }
    Http2Client(const Http2Client&) = delete;
    Http2Client& operator=(const Http2Client&) = delete;
    ~Http2Client() { nghttp2_session_del(session_); }

    static Fields get(std::string path, Fields more = {}) {
        Fields fields{{":method", "GET"}, {":scheme", "http"}, {":authority", "h"}, {":path", std::move(path)}};
        fields.insert(fields.end(), more.begin(), more.end());
        return fields;
    }
    static Fields post(std::string path, Fields more = {}) {
        Fields fields = get(std::move(path), std::move(more));
        fields[0].second = "POST";
        return fields;
    }

    std::int32_t begin(const Fields& fields) { return submit(fields, nullptr); }
    std::int32_t begin(const Fields& fields, Upload upload) {
        Upload& kept = *uploads_.emplace_back(std::make_unique<Upload>(std::move(upload)));
        nghttp2_data_provider body{};
        body.source.ptr = &kept;
        body.read_callback = next_data;
        return submit(fields, &body);
    }
    void reset(std::int32_t id) {
        nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
        flush();
    }
    bool flush() {
        for (;;) {
            const std::uint8_t* bytes = nullptr;
            const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
            if (size <= 0) return size == 0;
            if (!wire_.send({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)})) return false;
        }
    }
    /// Reads until it holds; false if the connection ends, or nothing comes.
    template <class Condition>
    bool until(Condition condition) {
        while (!condition()) {
            if (!flush()) return condition();
            const auto piece = wire_.read_some();
            if (piece.empty()) return condition();
            if (nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size()) < 0) return false;
        }
        flush();
        return true;
    }
    /// Until it is over, in whatever way.
    const Answer& wait(std::int32_t id) {
        EXPECT_TRUE(until([&] { return answers_[id].closed.has_value(); })) << "stream " << id;
        return answers_[id];
    }
    const Answer& ask(const Fields& fields) { return wait(begin(fields)); }
    const Answer& ask(const Fields& fields, Upload upload) { return wait(begin(fields, std::move(upload))); }
    const Answer& answer(std::int32_t id) { return answers_[id]; }
    Wire& wire() { return wire_; }
    std::optional<std::uint32_t> goaway;

private:
    static int field_came(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                          std::size_t value_size, std::uint8_t, void* user) {
        Http2Client& self = of(user);
        Answer& answer = self.answers_[frame->hd.stream_id];
        const std::string key(reinterpret_cast<const char*>(name), name_size), text(reinterpret_cast<const char*>(value), value_size);
        if (key == ":status") answer.status = std::stoi(text);
        else (self.has_head_[frame->hd.stream_id] ? answer.trailer : answer.fields).emplace_back(key, text);
        return 0;
    }
    static ssize_t next_data(nghttp2_session* session, std::int32_t id, std::uint8_t* into, std::size_t room, std::uint32_t* flags, nghttp2_data_source* source,
                             void*) {
        Upload& from = *static_cast<Upload*>(source->ptr);
        const std::size_t size = from.bytes.copy(reinterpret_cast<char*>(into), room, from.sent);
        from.sent += size;
        if (from.sent < from.bytes.size()) return static_cast<ssize_t>(size);
        if (from.held) return size != 0 ? static_cast<ssize_t>(size) : static_cast<ssize_t>(NGHTTP2_ERR_DEFERRED);
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (!from.trailer.empty()) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            const auto entries = entries_of(from.trailer);
            nghttp2_submit_trailer(session, id, entries.data(), entries.size());
        }
        return static_cast<ssize_t>(size);
    }
    static Http2Client& of(void* user) { return *static_cast<Http2Client*>(user); }
    static std::vector<nghttp2_nv> entries_of(const Fields& fields) {
        std::vector<nghttp2_nv> entries;
        const auto bytes = [](const std::string& text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); };
        for (const auto& [name, value] : fields) entries.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
        return entries;
    }
    std::int32_t submit(const Fields& fields, const nghttp2_data_provider* body) {
        const auto entries = entries_of(fields);
        const std::int32_t id = nghttp2_submit_request(session_, nullptr, entries.data(), entries.size(), body, nullptr);
        EXPECT_GT(id, 0);
        flush();
        return id;
    }
    Wire wire_;
    nghttp2_session* session_ = nullptr;
    std::map<std::int32_t, Answer> answers_;
    std::map<std::int32_t, bool> has_head_;
    std::vector<std::unique_ptr<Upload>> uploads_;
};

} // namespace gravity::gateway::test
