#include "log/line.hpp"
#include "log/thread_scope.hpp"

#include <gravity/log/capture.hpp>
#include <gravity/log/init.hpp>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <poll.h>
#include <shared_mutex>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace gravity::log {

/// Who follows the log. Never destroyed: destructors of other static objects may still log.
struct Listeners {
    std::atomic<bool> any{false}; // so that it costs no lock where nobody listens
    std::mutex mutex;
    std::vector<const Listener*> all;

    void tell(Level level, std::string_view line) {
        if (!any) return;
        const std::lock_guard lock(mutex);
        for (const Listener* one : all)
            if (level >= one->level_) one->take_(line);
    }
    /// Of all of them; `level` if there are none lower.
    Level lowest(Level level) const { // with the mutex held
        for (const Listener* one : all) level = std::min(level, one->level_);
        return level;
    }
    static Listeners& instance() {
        static Listeners& only = *new Listeners;
        return only;
    }
};

namespace {

using std::chrono::steady_clock;

std::atomic<std::uint64_t> refused_lines{0}; // standard output would not take them
std::atomic<Level> threshold{Level::info}; // of what the sink gets
std::atomic<Level> lowest{Level::info};    // of what anybody gets: the rest is not even made

/// False if the descriptor takes no more (closed pipe, full disk). Waits for a slow reader.
bool write_all(int fd, std::string_view data) {
    while (!data.empty()) {
        const ssize_t n = ::write(fd, data.data(), data.size());
        if (n >= 0) {
            data.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
            pollfd wait{fd, POLLOUT, 0};
            if (::poll(&wait, 1, 5000) <= 0) return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

void set_levels(Level of_sink) {
    Listeners& listeners = Listeners::instance();
    const std::lock_guard lock(listeners.mutex);
    threshold = of_sink;
    lowest = listeners.lowest(of_sink);
}

constexpr std::string_view quiet_logger = "quiet"; // its lines are not for the sink

// Of those that spdlog knows; it carries them from one thread to the other.
spdlog::level::level_enum carried(Level level) { return static_cast<spdlog::level::level_enum>(level); }
Level uncarried(spdlog::level::level_enum level) { return static_cast<Level>(level); }
static_assert(static_cast<int>(Level::trace) == spdlog::level::trace && static_cast<int>(Level::critical) == spdlog::level::critical);

/// While lines come faster than this, the next ones are waited for as long: otherwise each would wake the background thread and be written by itself, which
/// costs a busy daemon more than the line does.
constexpr std::chrono::milliseconds gathering{2};

/// Hands lines to a callback, or gathers them and writes to standard output when nothing more waits: one system call
/// for a burst.
class LineSink final : public spdlog::sinks::sink {
public:
    explicit LineSink(Sink callback) : callback_(std::move(callback)) {}

    /// Called once before the first line. The pool outlives its use here: it is what calls log().
    void set_pool(spdlog::details::thread_pool* pool) { pool_ = pool; }

    void log(const spdlog::details::log_msg& msg) override {
        const std::string_view line(msg.payload.data(), msg.payload.size());
        const Level level = uncarried(msg.level);
        if (std::string_view(msg.logger_name.data(), msg.logger_name.size()) != quiet_logger) {
            if (callback_) {
                callback_(line);
            } else {
                buffer_ += line;
                buffer_ += '\n';
                ++buffered_;
            }
        }
        if (buffer_.size() < 32768 && pool_->queue_size() == 0 && steady_clock::now() - written_ < gathering) std::this_thread::sleep_for(gathering);
        if (buffer_.size() >= 32768 || pool_->queue_size() == 0) write_out();
        Listeners::instance().tell(level, line);
    }

    void flush() override {
        write_out();
        const std::lock_guard lock(mutex_);
        ++flushed_;
        done_.notify_all();
    }

    void set_pattern(const std::string&) override {} // lines come complete
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    std::uint64_t flushed() {
        const std::lock_guard lock(mutex_);
        return flushed_;
    }
    bool wait_flushed_past(std::uint64_t count, steady_clock::duration time) {
        std::unique_lock lock(mutex_);
        return done_.wait_for(lock, time, [&] { return flushed_ > count; });
    }

private:
    void write_out() {
        if (buffer_.empty()) return;
        if (!write_all(STDOUT_FILENO, buffer_)) refused_lines += buffered_;
        written_ = steady_clock::now();
        buffer_.clear();
        if (buffer_.capacity() > 65536) buffer_.shrink_to_fit();
        buffered_ = 0;
    }

    Sink callback_;
    spdlog::details::thread_pool* pool_ = nullptr;
    std::string buffer_; // background thread only, with buffered_
    std::uint64_t buffered_ = 0;
    steady_clock::time_point written_; // likewise
    std::mutex mutex_;
    std::condition_variable done_;
    std::uint64_t flushed_ = 0;
};

std::shared_ptr<spdlog::async_logger> make_logger(std::string name, const std::shared_ptr<LineSink>& sink,
                                                  const std::shared_ptr<spdlog::details::thread_pool>& pool) {
    auto logger = std::make_shared<spdlog::async_logger>(std::move(name), sink, pool, spdlog::async_overflow_policy::overrun_oldest);
    logger->set_level(spdlog::level::trace); // our own threshold decides
    logger->set_error_handler([](const std::string&) { ++refused_lines; });
    return logger;
}

/// A running log: options, the background thread and its queue.
class Running {
public:
    explicit Running(Options options)
        : options_(std::move(options)),
          sink_(std::make_shared<LineSink>(options_.sink)),
          pool_(std::make_shared<spdlog::details::thread_pool>(options_.queue, 1)),
          logger_(make_logger("", sink_, pool_)),
          quiet_(make_logger(std::string(quiet_logger), sink_, pool_)) {
        sink_->set_pool(pool_.get());
    }

    const Options& options() const { return options_; }
    void log(Level level, std::string_view line) {
        const auto& logger = level >= threshold ? logger_ : quiet_;
        logger->log(carried(level), spdlog::string_view_t(line.data(), line.size()));
    }
    std::uint64_t overrun() { return pool_->overrun_counter(); }

    bool flush() {
        // The request to flush travels through the same queue and may itself be overrun, hence asked again.
        const auto before = sink_->flushed();
        const auto deadline = steady_clock::now() + std::chrono::seconds(5);
        do {
            logger_->flush();
            if (sink_->wait_flushed_past(before, std::chrono::milliseconds(100))) return true;
        } while (steady_clock::now() < deadline);
        return false;
    }

private:
    Options options_;
    std::shared_ptr<LineSink> sink_;
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<spdlog::async_logger> logger_;
    std::shared_ptr<spdlog::async_logger> quiet_; // of what only listeners want
};

struct Global {
    std::shared_mutex mutex; // exclusive: replacing `running`
    std::unique_ptr<Running> running;
    std::atomic<std::uint64_t> overrun_before{0}; // by logs that have ended
};
/// Never destroyed: destructors of other static objects may still log.
Global& global() {
    static Global& instance = *new Global;
    return instance;
}

thread_local const Scope* thread_scope = nullptr;

/// Ends the running log, writing out what waits. `lock` is held exclusively.
void end(Global& g) {
    if (!g.running) return;
    g.running->flush();
    g.overrun_before += g.running->overrun();
    g.running.reset();
}

std::optional<Options> running_options() {
    Global& g = global();
    const std::shared_lock lock(g.mutex);
    if (!g.running) return std::nullopt;
    Options options = g.running->options();
    options.level = threshold;
    return options;
}

} // namespace

ScopeGuard::ScopeGuard(const Scope& scope) : previous_(thread_scope) { thread_scope = &scope; }
ScopeGuard::~ScopeGuard() { thread_scope = previous_; }
const Scope* current_scope() { return thread_scope; }
const Scope* exchange_thread_scope(const Scope* scope) { return std::exchange(thread_scope, scope); }

bool enabled(Level level) { return level >= lowest.load(std::memory_order_relaxed) && level != Level::off; }

void write(Level level, const Scope* scope, std::string_view msg, Fields fields) {
    if (!enabled(level)) return;
    const auto now = std::chrono::system_clock::now();
    Global& g = global();
    const std::shared_lock lock(g.mutex);
    if (g.running) return g.running->log(level, make_line(g.running->options().service, level, scope, msg, fields, now));
    if (level < threshold) return; // there is no thread yet that would tell those who listen
    if (!write_all(STDOUT_FILENO, make_line("", level, scope, msg, fields, now) + '\n')) ++refused_lines;
}

void init(Options options) {
    if (options.queue == 0) options.queue = 1;
    Global& g = global();
    const std::unique_lock lock(g.mutex);
    end(g);
    set_levels(options.level);
    g.running = std::make_unique<Running>(std::move(options));
}

void set_level(Level level) { set_levels(level); }

bool flush() {
    Global& g = global();
    const std::shared_lock lock(g.mutex);
    return !g.running || g.running->flush();
}

void shutdown() {
    Global& g = global();
    const std::unique_lock lock(g.mutex);
    end(g);
}

std::uint64_t dropped() {
    Global& g = global();
    const std::shared_lock lock(g.mutex);
    return refused_lines + g.overrun_before + (g.running ? g.running->overrun() : 0);
}

Listener::Listener(Level level, Sink take) : level_(level), take_(std::move(take)) {
    Listeners& listeners = Listeners::instance();
    const std::lock_guard lock(listeners.mutex);
    listeners.all.push_back(this);
    listeners.any = true;
    lowest = listeners.lowest(threshold);
}

Listener::~Listener() {
    Listeners& listeners = Listeners::instance();
    const std::lock_guard lock(listeners.mutex);
    std::erase(listeners.all, this);
    listeners.any = !listeners.all.empty();
    lowest = listeners.lowest(threshold);
}

struct Capture::Store {
    std::mutex mutex;
    std::vector<std::string> lines;
};

Capture::Capture(Level level, std::string service) : store_(std::make_shared<Store>()), previous_(running_options()) {
    Options options;
    options.service = std::move(service);
    options.level = level;
    options.queue = 65536; // a test's own lines are all wanted
    options.sink = [store = store_](std::string_view line) {
        const std::lock_guard lock(store->mutex);
        store->lines.emplace_back(line);
    };
    init(std::move(options));
}

Capture::~Capture() {
    if (previous_) {
        init(*std::move(previous_));
    } else {
        shutdown();
        set_level(Level::info);
    }
}

std::vector<std::string> Capture::lines() const {
    flush();
    const std::lock_guard lock(store_->mutex);
    return store_->lines;
}

bool Capture::contains(std::string_view text) const {
    for (const std::string& line : lines()) {
        if (line.find(text) != std::string::npos) return true;
    }
    return false;
}

} // namespace gravity::log
