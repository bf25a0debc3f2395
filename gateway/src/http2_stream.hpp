#pragma once

#include "http2.hpp"
#include "http2_messages.hpp"
#include "pipe.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gravity::gateway {

/// One request of an HTTP/2 connection, with its answer: between nghttp2's frames and the pipe of the session that serves it.
class Http2Stream final : public Pipe::Owner {
public:
    Http2Stream(Http2Connection& connection, std::int32_t id);
    ~Http2Stream();

    // What has come of the request, in the order of its frames.
    void field(std::string_view name, std::string_view value);
    void head_is_complete(bool ends);
    void body(std::string_view bytes);
    void end();

    /// When its first frame came; its head is to be complete soon after.
    std::chrono::steady_clock::time_point begun() const { return begun_; }
    bool has_begun() const { return pipe_ != nullptr; }
    bool has_ended() const { return request_ended_; }
    /// Of the body, that nobody has read yet.
    std::size_t held() const { return held_; }

    void pipe_changed() override;
    /// Gives up an answer that is all here, and that the client does not take.
    void check(std::chrono::steady_clock::time_point now);

private:
    enum class Answer : std::uint8_t {
        head, // not there yet, or only interim ones
        body,
        done,
        broken
    };

    void collect();
    void read_head();
    void answer(std::string_view bytes);
    void give_credit();
    void give_up();
    void finish();
    ssize_t next_data(char* into, std::size_t room, std::uint32_t& flags);
    std::size_t take_data(char* into, std::size_t room);
    void end_body(std::uint32_t& flags);

    Http2Connection& connection_;
    std::int32_t id_;
    std::chrono::steady_clock::time_point begun_, last_taken_;
    Http2RequestHead request_;
    std::string trailer_; // of the request, as lines
    bool chunked_ = false, request_ended_ = false;
    std::size_t held_ = 0;
    std::shared_ptr<Pipe> pipe_;

    Answer answer_ = Answer::head;
    bool deferred_ = false; // nghttp2 waits for more of the body
    std::string out_;       // what the session wrote, and is still to be looked at
    std::size_t looked_at_ = 0;
    http::ChunkDecoder chunks_;
    bool body_chunked_ = false;
    std::uint64_t left_ = 0; // of a body with a length
    std::string tail_;       // of a body in chunks: what came since the last data, at the end the trailer
};

} // namespace gravity::gateway
