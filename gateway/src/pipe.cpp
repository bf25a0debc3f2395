#include "pipe.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;

void Pipe::finish(std::unique_ptr<Operation>& operation, Error error, std::size_t size) {
    if (!operation) return;
    asio::post(executor_, [done = std::move(operation), error, size] { done->run(error, size); });
}

void Pipe::serve_reader() {
    if (!reader_) return;
    if (left_) return finish(reader_, asio::error::operation_aborted, 0);
    if (owner_ == nullptr) return finish(reader_, asio::error::connection_reset, 0);
    if (unread() == 0) {
        if (in_ended_) finish(reader_, asio::error::eof, 0);
        return;
    }
    const std::size_t size = asio::buffer_copy(room_, asio::buffer(in_) + read_);
    read_ += size;
    if (unread() == 0) {
        in_.clear();
        read_ = 0;
    }
    finish(reader_, {}, size);
    tell();
}

void Pipe::serve_writer() {
    if (!writer_) return;
    Error error;
    if (left_) error = asio::error::operation_aborted;
    else if (owner_ == nullptr || ended_) error = asio::error::broken_pipe;
    if (!error && piece_ < pieces_.size()) return;
    pieces_.clear();
    piece_ = 0;
    finish(writer_, error, error ? 0 : taken_);
    taken_ = 0;
}

void Pipe::end_output() {
    ended_ = true;
    tell();
}

void Pipe::close() {
    if (left_) return;
    left_ = true;
    serve_reader();
    serve_writer();
    tell();
}

void Pipe::feed(std::string_view bytes) {
    in_.append(bytes);
    serve_reader();
}

void Pipe::end_input() {
    in_ended_ = true;
    serve_reader();
}

void Pipe::abandon() {
    owner_ = nullptr;
    in_.clear();
    read_ = 0;
    serve_reader();
    serve_writer();
}

std::string_view Pipe::output() const {
    if (piece_ == pieces_.size()) return {};
    const asio::const_buffer& piece = pieces_[piece_];
    return {static_cast<const char*>(piece.data()), piece.size()};
}

void Pipe::take_output(std::size_t size) {
    taken_ += size;
    asio::const_buffer& piece = pieces_[piece_];
    piece += size;
    if (piece.size() != 0) return;
    ++piece_;
    serve_writer();
}

} // namespace gravity::gateway
