#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::gateway {

/// What a session has instead of a connection when its client's is shared by many requests (HTTP/2): bytes change sides in memory. The session's side has
/// the form of an Asio stream; its handlers are called later, never from within a call. What it writes stays where it is until the owner has taken it, so
/// that a slow client slows the session. One thread.
class Pipe {
public:
    using executor_type = boost::asio::io_context::executor_type;
    using Error = boost::system::error_code;

    /// The other side. May call the functions of its side at once.
    class Owner {
    public:
        /// The session has read, written, ended its output or left.
        virtual void pipe_changed() = 0;

    protected:
        ~Owner() = default;
    };

    Pipe(executor_type executor, Owner& owner) : executor_(std::move(executor)), owner_(&owner) {}

    // The session's side.
    template <class Buffers, class Handler>
    void async_read_some(const Buffers& buffers, Handler&& handler) {
        room_ = *boost::asio::buffer_sequence_begin(buffers);
        reader_ = wrap(std::forward<Handler>(handler));
        serve_reader();
    }
    template <class Buffers, class Handler>
    void async_write_some(const Buffers& buffers, Handler&& handler) {
        for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at)
            if (boost::asio::const_buffer piece = *at; piece.size() != 0) pieces_.push_back(piece);
        writer_ = wrap(std::forward<Handler>(handler));
        serve_writer();
        tell();
    }
    void end_output();
    /// Without `end_output` before it, what was written is not the whole: never to be taken for it.
    void close();

    // The owner's side.
    void feed(std::string_view bytes);
    void end_input();
    /// The client has gone: the session's reads and writes fail from now on. The owner hears nothing any more.
    void abandon();
    std::size_t unread() const { return in_.size() - read_; }
    /// The next bytes that the session wrote, in one piece; empty: it has to be waited for.
    std::string_view output() const;
    void take_output(std::size_t size);
    /// Nothing follows what `output` shows.
    bool output_ended() const { return ended_ || left_; }
    /// The session has gone before it said that its output was all.
    bool was_left() const { return left_ && !ended_; }

private:
    struct Operation {
        virtual ~Operation() = default;
        virtual void run(Error error, std::size_t size) = 0;
    };
    template <class Handler>
    struct OperationOf final : Operation {
        explicit OperationOf(Handler handler) : handler_(std::move(handler)) {}
        void run(Error error, std::size_t size) override { handler_(error, size); }
        Handler handler_;
    };
    template <class Handler>
    static std::unique_ptr<Operation> wrap(Handler&& handler) {
        return std::make_unique<OperationOf<std::decay_t<Handler>>>(std::forward<Handler>(handler));
    }
    void finish(std::unique_ptr<Operation>& operation, Error error, std::size_t size);
    void serve_reader();
    void serve_writer();
    void tell() {
        if (owner_ != nullptr) owner_->pipe_changed();
    }

    executor_type executor_;
    Owner* owner_; // null: it has left
    std::string in_;
    std::size_t read_ = 0; // of in_
    bool in_ended_ = false, ended_ = false, left_ = false;
    boost::asio::mutable_buffer room_;
    std::unique_ptr<Operation> reader_, writer_;
    std::vector<boost::asio::const_buffer> pieces_; // of the write that waits
    std::size_t piece_ = 0, taken_ = 0;             // whole ones that were taken; bytes of all
};

} // namespace gravity::gateway
