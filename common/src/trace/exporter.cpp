#include <gravity/base/clock.hpp>
#include <gravity/trace/exporter.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>

namespace gravity::trace {

ExportPolicy::ExportPolicy(std::shared_ptr<Buffer> buffer, ExportOptions options, Duration now)
    : buffer_(std::move(buffer)), options_(options), due_(now + options.interval) {}

const std::vector<SpanData>* ExportPolicy::poll(Duration now) {
    if (under_way_) return nullptr;
    const bool retry = !batch_.empty();
    const bool full = !retry && buffer_->size() >= options_.batch;
    if (!draining_ && now < due_ && !full) return nullptr;
    if (!retry) batch_ = buffer_->take(options_.batch);
    if (batch_.empty()) {
        due_ = now + options_.interval;
        return nullptr;
    }
    under_way_ = true;
    return &batch_;
}

void ExportPolicy::finished(bool accepted, Duration now) {
    if (!under_way_) return;
    under_way_ = false;
    if (!accepted && ++failures_ < options_.attempts && !draining_) {
        due_ = now + options_.first_retry * (std::int64_t{1} << std::min(failures_ - 1, 16U));
        return;
    }
    if (!accepted) buffer_->count_dropped(batch_.size());
    batch_.clear();
    failures_ = 0;
    due_ = now + options_.interval;
}

std::optional<Duration> ExportPolicy::wait(Duration now) const {
    if (under_way_) return std::nullopt;
    const bool full = batch_.empty() && buffer_->size() >= options_.batch;
    return draining_ || full || due_ < now ? Duration::zero() : due_ - now;
}

void ExportPolicy::drain() { draining_ = true; }
bool ExportPolicy::drained() const { return draining_ && !under_way_ && batch_.empty() && buffer_->size() == 0; }

struct Exporter::State : std::enable_shared_from_this<Exporter::State> {
    State(boost::asio::io_context& io_context, std::shared_ptr<Buffer> from, Resource who, Send how,
          ExportOptions options)
        : io(io_context),
          buffer(std::move(from)),
          resource(std::move(who)),
          send(std::move(how)),
          batch(options.batch),
          policy(buffer, options, steady_now()),
          timer(io_context) {}

    void run() {
        if (stopped) return;
        if (const auto* spans = policy.poll(steady_now())) {
            // Late answers find no one: the exporter may have gone, and its I/O context with it.
            send(otlp_json(resource, *spans), [weak = weak_from_this()](bool accepted) {
                const auto self = weak.lock();
                if (!self || self->stopped) return;
                self->policy.finished(accepted, steady_now());
                boost::asio::post(self->io, [self] { self->run(); }); // not from within `send`
            });
            return;
        }
        if (on_drained && policy.drained()) {
            const auto done = std::exchange(on_drained, nullptr);
            return done();
        }
        const auto wait = policy.wait(steady_now());
        if (!wait) return; // `finished` goes on
        timer.expires_after(std::chrono::microseconds(clock::real(*wait).count_us()));
        timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
            const auto self = weak.lock();
            if (self && !error) self->run();
        });
    }

    boost::asio::io_context& io;
    const std::shared_ptr<Buffer> buffer;
    const Resource resource;
    const Send send;
    const std::size_t batch;
    ExportPolicy policy;
    boost::asio::steady_timer timer;
    std::function<void()> on_drained;
    bool stopped = false;
};

Exporter::Exporter(boost::asio::io_context& io, std::shared_ptr<Buffer> buffer, Resource resource, Send send,
                   ExportOptions options)
    : state_(std::make_shared<State>(io, std::move(buffer), std::move(resource), std::move(send), options)) {}

Exporter::~Exporter() {
    state_->stopped = true;
    state_->buffer->on_reaching(0, nullptr);
    state_->timer.cancel();
}

void Exporter::start() {
    // Spans end on any thread; the wake-up changes to the I/O thread. `io` outlives the exporter, which takes the call
    // back.
    state_->buffer->on_reaching(state_->batch, [weak = std::weak_ptr(state_)] {
        const auto self = weak.lock();
        if (self) boost::asio::post(self->io, [self] { self->run(); });
    });
    state_->run();
}

void Exporter::drain(std::function<void()> done) {
    state_->policy.drain();
    state_->on_drained = std::move(done);
    boost::asio::post(state_->io, [self = state_] { self->run(); });
}

} // namespace gravity::trace
