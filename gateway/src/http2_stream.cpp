#include "http2_stream.hpp"

#include "session.hpp"

#include <array>
#include <new>

namespace gravity::gateway {
namespace {

constexpr std::size_t most_out = 64 * 1024; // of an answer that waits for the client, without what the session holds

/// nghttp2 copies both.
std::vector<nghttp2_nv> entries_of(const FieldList& fields) {
    std::vector<nghttp2_nv> entries;
    entries.reserve(fields.size());
    const auto bytes = [](std::string_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); };
    for (const auto& [name, value] : fields) entries.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    return entries;
}

/// What cannot be done for want of memory only.
void must(int result) {
    if (result < 0) throw std::bad_alloc();
}

} // namespace

Http2Stream::Http2Stream(Http2Connection& connection, std::int32_t id)
    : connection_(connection), id_(id), begun_(std::chrono::steady_clock::now()), last_taken_(begun_) {}

Http2Stream::~Http2Stream() {
    if (pipe_) pipe_->abandon();
}

void Http2Stream::field(std::string_view name, std::string_view value) {
    if (!has_begun()) return request_.add(name, value);
    field_line(trailer_, name, value);
}

void Http2Stream::head_is_complete(bool ends) {
    chunked_ = request_.chunked(ends);
    request_ended_ = ends;
    Core& core = connection_.core();
    pipe_ = std::make_shared<Pipe>(core.io().get_executor(), *this);
    std::make_shared<Session>(core, pipe_, connection_.peer(), connection_.secure(), connection_.certificate())->start();
    pipe_->feed(request_.text(ends));
}

void Http2Stream::body(std::string_view bytes) {
    held_ += bytes.size();
    if (answer_ != Answer::done && answer_ != Answer::broken && !bytes.empty()) {
        std::array<char, 20> line;
        if (chunked_) pipe_->feed(chunk_size_line(bytes.size(), line));
        pipe_->feed(bytes);
        if (chunked_) pipe_->feed("\r\n");
    }
    give_credit();
}

void Http2Stream::end() {
    request_ended_ = true;
    if (!chunked_) return;
    pipe_->feed("0\r\n");
    pipe_->feed(trailer_);
    pipe_->feed("\r\n");
}

/// The client may send more when what it sent has been read.
void Http2Stream::give_credit() {
    const std::size_t still_held = answer_ == Answer::done || answer_ == Answer::broken ? 0 : std::min(held_, pipe_->unread());
    if (still_held == held_) return;
    must(nghttp2_session_consume(connection_.frames(), id_, held_ - still_held));
    held_ = still_held;
    connection_.has_output();
}

void Http2Stream::pipe_changed() {
    give_credit();
    if (answer_ == Answer::head) read_head();
    if (answer_ == Answer::body && pipe_->was_left()) return give_up();
    if (answer_ != Answer::body || !deferred_) return;
    collect();
    if (looked_at_ == out_.size() && !pipe_->output_ended()) return;
    deferred_ = false;
    must(nghttp2_session_resume_data(connection_.frames(), id_));
    connection_.has_output();
}

void Http2Stream::check(std::chrono::steady_clock::time_point now) {
    if (answer_ == Answer::body && pipe_->output_ended() && now - last_taken_ > connection_.core().options().idle_timeout) give_up();
}

void Http2Stream::collect() {
    if (looked_at_ == out_.size()) {
        out_.clear();
        looked_at_ = 0;
    }
    while (out_.size() < most_out) {
        const std::string_view piece = pipe_->output().substr(0, most_out - out_.size());
        if (piece.empty()) return;
        out_.append(piece);
        pipe_->take_output(piece.size());
    }
}

void Http2Stream::read_head() {
    while (answer_ == Answer::head) {
        collect();
        constexpr std::string_view mark = "\r\n\r\n";
        const std::size_t end = out_.find(mark, looked_at_);
        if (end == std::string::npos) {
            if (out_.size() >= most_out || pipe_->output_ended()) give_up();
            return;
        }
        const std::string_view bytes = std::string_view(out_).substr(looked_at_, end + mark.size() - looked_at_);
        looked_at_ = end + mark.size();
        answer(bytes);
    }
}

void Http2Stream::answer(std::string_view bytes) {
    std::string names;
    const Http2AnswerHead head = read_answer_head(bytes, names);
    const auto fields = entries_of(head.fields);
    nghttp2_session* const frames = connection_.frames();
    connection_.has_output();
    if (head.status < 200) return must(nghttp2_submit_headers(frames, NGHTTP2_FLAG_NONE, id_, nullptr, fields.data(), fields.size(), nullptr));
    body_chunked_ = head.chunked;
    left_ = head.length;
    const bool bodiless = request_.method() == http::Method::head || head.status == 204 || head.status == 304 || (!body_chunked_ && left_ == 0);
    if (bodiless) {
        must(nghttp2_submit_response(frames, id_, fields.data(), fields.size(), nullptr));
        return finish();
    }
    answer_ = Answer::body;
    nghttp2_data_provider body{};
    body.source.ptr = this;
    body.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t room, std::uint32_t* flags, nghttp2_data_source* source, void*) {
        return static_cast<Http2Stream*>(source->ptr)->next_data(reinterpret_cast<char*>(into), room, *flags);
    };
    must(nghttp2_submit_response(frames, id_, fields.data(), fields.size(), &body));
}

/// What there is of the body, as much as has room; nghttp2's way to say that there is nothing now, or never again.
ssize_t Http2Stream::next_data(char* into, std::size_t room, std::uint32_t& flags) {
    std::size_t size = 0;
    while (size < room && answer_ == Answer::body) {
        collect();
        if (looked_at_ == out_.size()) break;
        size += take_data(into + size, room - size);
    }
    if (size != 0) last_taken_ = std::chrono::steady_clock::now();
    if (answer_ == Answer::done) end_body(flags);
    if (answer_ == Answer::broken) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; // the stream is reset: what was sent is not the whole
    if (size != 0 || answer_ == Answer::done) return static_cast<ssize_t>(size);
    if (pipe_->output_ended()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
}

std::size_t Http2Stream::take_data(char* into, std::size_t room) {
    const std::string_view input = std::string_view(out_).substr(looked_at_, room);
    if (!body_chunked_) {
        const std::size_t size = input.copy(into, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
        looked_at_ += size;
        left_ -= size;
        if (left_ == 0) answer_ = Answer::done;
        return size;
    }
    const auto step = chunks_.decode(input);
    if (step.data.empty()) tail_.append(input.substr(0, step.consumed));
    else tail_.clear();
    looked_at_ += step.consumed;
    if (step.state == http::ChunkDecoder::State::malformed) answer_ = Answer::broken;
    if (step.state == http::ChunkDecoder::State::done) answer_ = Answer::done;
    return step.data.copy(into, step.data.size());
}

void Http2Stream::end_body(std::uint32_t& flags) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    std::string_view lines = tail_;
    if (lines.starts_with("\r\n")) lines.remove_prefix(2); // of the data before
    std::string names;
    const auto trailer = entries_of(http2_trailer(lines.substr(std::min(lines.size(), lines.find('\n') + 1)), names));
    if (!trailer.empty()) {
        flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        must(nghttp2_submit_trailer(connection_.frames(), id_, trailer.data(), trailer.size()));
    }
    finish();
}

/// The answer is on its way; the session has nothing more to wait for.
void Http2Stream::finish() {
    answer_ = Answer::done;
    pipe_->end_input();
    give_credit();
}

/// The session has left without a whole answer.
void Http2Stream::give_up() {
    answer_ = Answer::broken;
    must(nghttp2_submit_rst_stream(connection_.frames(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_INTERNAL_ERROR));
    connection_.has_output();
}

} // namespace gravity::gateway
