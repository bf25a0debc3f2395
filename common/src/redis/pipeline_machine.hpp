#pragma once

#include <gravity/redis/options.hpp>
#include <gravity/redis/value.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Who waits for which reply on one shared connection: decides, does no I/O, reads no clock.
namespace gravity::redis {

struct Failure {
    ErrorKind kind;
    std::string message;
    bool maybe_executed = false;
};

/// One call: the bytes of one or more commands and the replies it waits for. The loop derives from it to know whom to
/// wake.
struct Exchange {
    virtual ~Exchange() = default;
    std::uint64_t id = 0; // given by submit(), never used twice
    std::string wire;
    std::size_t expected = 1;
    TimePoint deadline;
    std::vector<Value> replies;
};

/// A call that is over: with its replies, or with a failure.
struct Finished {
    std::unique_ptr<Exchange> exchange;
    std::optional<Failure> failure;
};

class PipelineMachine {
public:
    struct Settings {
        std::size_t max_pending = 20000;
        std::size_t max_waiting_bytes = 64U << 20;
        /// True: what was not written waits for the next connection. False (a cluster's node): it fails at once as
        /// `unavailable`, so that its caller can ask who serves the slot now.
        bool hold_while_down = true;
    };

    explicit PipelineMachine(Settings settings) : settings_(settings) {}

    /// Takes a call over; on refusal `exchange` stays with the caller.
    std::optional<Failure> submit(std::unique_ptr<Exchange>& exchange);

    /// A connection is ready for commands.
    void connected();
    /// The next bytes to write, about `max_bytes` (one call is never split); empty when nothing waits or a write is
    /// under way.
    std::string take(std::size_t max_bytes);
    /// The bytes of the last take() are all written.
    void written();
    /// Adds a PING of our own whose reply nobody waits for; its bytes come with take().
    void probe();
    /// The next reply in order. Nothing: it was not the last of its call, or nobody wants it. Throws Error{protocol} if
    /// none was due.
    std::optional<Finished> reply(Value value);
    /// The connection broke, `transferred` bytes into the last take(). What had begun to leave fails as maybe executed.
    std::vector<Finished> disconnected(std::size_t transferred, const std::string& why);
    /// A try to connect failed.
    std::vector<Finished> connect_failed(const std::string& why);

    /// Calls whose deadline is not after `now`.
    std::vector<Finished> expire(TimePoint now);
    std::optional<TimePoint> earliest_deadline() const;
    /// The caller went away: it gets its call back; a reply that is still due will be discarded. Nothing if it is
    /// already over.
    std::optional<Finished> abandon(std::uint64_t id);
    /// Everything fails with `closed`, now and later.
    std::vector<Finished> close();

    bool is_connected() const { return connected_; }
    std::size_t in_flight() const { return slots_.size(); }
    std::size_t pending() const { return waiting_.size() + slots_.size(); }
    std::uint64_t late_replies() const { return late_; }

private:
    struct Slot {
        std::unique_ptr<Exchange> exchange; // null: given up, or a probe
        std::size_t due;
        std::uint64_t begin; // offset of its first byte in this connection's output
        bool probe = false;
    };
    static constexpr std::string_view ping = "*1\r\n$4\r\nPING\r\n";

    Failure past_deadline(bool was_written) const;
    std::vector<Finished> fail_waiting(const std::string& why);

    Settings settings_;
    std::deque<std::unique_ptr<Exchange>> waiting_;
    std::deque<Slot> slots_; // written or being written, oldest first
    std::string down_why_ = "not connected yet";
    std::size_t waiting_bytes_ = 0;
    std::uint64_t last_id_ = 0;
    std::uint64_t taken_ = 0;       // bytes handed out on this connection
    std::uint64_t batch_begin_ = 0; // where the last take() began
    std::uint64_t late_ = 0;
    bool connected_ = false;
    bool tried_ = false; // at least one try to connect is over
    bool writing_ = false;
    bool closed_ = false;
    bool probe_wanted_ = false;
};

} // namespace gravity::redis
