#include <gravity/async/coroutine.hpp>
#include <gravity/http/sse.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace gravity::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

class QueuedEventStream final : public EventStream {
public:
    QueuedEventStream(Exchange& exchange, EventStreamOptions options, std::unique_ptr<BodyWriter> writer,
                      const asio::any_io_executor& executor)
        : exchange_(&exchange), options_(std::move(options)), writer_(std::move(writer)), wake_(executor) {}

    bool send(const SseEvent& event) override {
        if (closed_) return false;
        const std::string text = encode(event);
        if (queued_.size() + text.size() > options_.max_queued_bytes) {
            overflowed_ = closed_ = true;
        } else {
            queued_ += text;
        }
        wake_.cancel();
        return !closed_;
    }
    void close() override {
        closed_ = true;
        wake_.cancel();
    }
    bool closed() const override { return closed_; }
    bool overflowed() const override { return overflowed_; }

    Task<void> run() override {
        try {
            co_await pump();
        } catch (const boost::system::system_error&) {
            // The client has gone: how most event streams end. Whoever produces learns it by send() == false.
        }
        closed_ = true;
        exchange_ = nullptr;
    }

private:
    Task<void> pump() {
        auto last_sent = steady_clock::now();
        while (!overflowed_) {
            if (!queued_.empty()) {
                writing_.swap(queued_); // all that has come meanwhile goes in one write
                co_await writer_->write(writing_);
                writing_.clear();
                last_sent = steady_clock::now();
                continue;
            }
            if (closed_ || exchange_->draining()) {
                co_await writer_->finish();
                co_return;
            }
            if (exchange_->client_gone()) co_return;
            if (steady_clock::now() - last_sent >= options_.heartbeat) {
                queued_ = ":\n\n";
                continue;
            }
            wake_.expires_at(std::min(last_sent + options_.heartbeat, steady_clock::now() + options_.watch));
            auto waiting = wake_.async_wait(asio::as_tuple(asio::deferred)); // ends early when something is sent
            co_await std::move(waiting);
        }
        // Overflowed: the body stays unfinished, so the server cuts the connection and the client resumes by its last id.
    }

    Exchange* exchange_;
    EventStreamOptions options_;
    std::unique_ptr<BodyWriter> writer_;
    asio::steady_timer wake_;
    std::string queued_, writing_;
    bool closed_ = false;
    bool overflowed_ = false;
};

} // namespace

Task<std::shared_ptr<EventStream>> open_event_stream(Exchange& exchange, EventStreamOptions options) {
    Headers headers = options.headers;
    headers.set("Content-Type", "text/event-stream");
    headers.set("Cache-Control", "no-store");
    headers.set("X-Accel-Buffering", "no"); // proxies of the nginx family would collect events
    const std::optional<std::uint64_t> unknown;
    auto writer = co_await exchange.stream(200, headers, unknown);
    const auto executor = co_await asio::this_coro::executor;
    std::shared_ptr<EventStream> stream =
        std::make_shared<QueuedEventStream>(exchange, std::move(options), std::move(writer), executor);
    co_return stream;
}

} // namespace gravity::http
