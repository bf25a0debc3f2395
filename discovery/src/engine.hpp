#pragma once

#include "commands.hpp"
#include "store.hpp"

#include <gravity/async/task.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::registry {

/// Who may have a command carried out: where several daemons share a store, some commands are the work of one of them.
enum class Authority : unsigned char {
    anybody,
    runner, // of checks: a daemon that the others know to be alive
    leader  // ends what has timed out
};

/// How well a daemon knows what is committed.
struct Standing {
    bool known_leader = true;              // writes can be made, and what is read is at most `age` old
    std::chrono::milliseconds age{0};      // everything acknowledged before that is in the model
};

/// The one writer of a daemon. Commands are taken in order: those that came while a batch was on its way to the store form the next batch (group
/// commit), are evaluated one after the other, committed together, applied to the model, told to the listeners, and answered. Nothing is visible
/// before it is committed. I/O thread.
class Engine {
public:
    using Listener = std::function<void(const std::vector<Change>& changes, const std::set<std::string>& touched)>;
    using Answer = std::function<void(Reply)>;

    virtual ~Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    const Model& model() const { return model_; }
    /// For what the model does not hold.
    virtual std::shared_ptr<RowReader> rows() const = 0;
    /// Called after each batch, before its commands are answered.
    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

    /// The command's answer, once it is committed. A store that fails answers 500. `renews`: whose owner has come with it (namespace renewal), told to
    /// all daemons that share the store.
    Task<Reply> run(Command command, std::string renews = {});
    /// The same for nobody who waits; a refusal is logged. Nothing happens if `still` says no when its turn has come.
    void post(Command command, Authority authority = Authority::anybody, std::function<bool()> still = {});

    void forget_departed(std::int64_t index) { model_.forget_departed(index); }

    /// Why the last commit failed; empty if it did not.
    const std::string& store_failure() const { return failure_; }
    std::size_t queued() const { return queue_.size(); }

    // Where several daemons share the store. Alone, a daemon does everything and knows everything.

    virtual bool is_shared() const { return false; }
    /// What tells stores apart, the same for all daemons; empty: not known to the engine.
    virtual std::string store_name() const { return {}; }
    /// What one command of those that clear up may remove.
    virtual std::size_t rows_at_once() const { return all_rows; }
    /// Background work, for as long as the daemon lives.
    virtual Task<void> keep();
    /// Its work is for others to do, from now on.
    virtual Task<void> resign();
    virtual Standing standing() const { return {}; }
    /// Until the model has everything that was acknowledged before; false if that cannot be found out.
    virtual Task<bool> catch_up();
    /// Until the model has reached this index, or time is over.
    virtual Task<void> reach(std::int64_t index, std::chrono::steady_clock::time_point deadline);
    /// Whether what has timed out is for this daemon to end.
    virtual bool leads() const { return true; }
    /// Whether this check is for this daemon to run.
    virtual bool runs(const Check& check) const;
    /// `leads` or `runs` may say otherwise from now on; or all deadlines begin anew, since renewals may have been missed.
    struct Duties {
        std::function<void()> changed;
        std::function<void()> anew;
        std::function<void(const std::string& renewal)> renewed;
    };
    void on_duties(Duties duties) { duties_ = std::move(duties); }

protected:
    struct Pending {
        Command command;
        Answer answer; // none: nobody waits
        std::string renews{};
        Authority authority = Authority::anybody;
        std::function<bool()> still{};
        int tries = 0;
    };

    Engine(boost::asio::io_context& io, std::function<std::int64_t()> unix_us) : io_(io), unix_us_(std::move(unix_us)) {}
    virtual void start_batch() = 0;
    /// To be called when a batch is through.
    void next_batch();
    void note_failure(const std::string& failure);
    /// Applies what is committed and tells the listeners.
    void publish(const std::vector<Change>& changes);
    static void give(const Pending& pending, Reply reply);

    boost::asio::io_context& io_;
    std::function<std::int64_t()> unix_us_;
    Model model_;
    std::deque<Pending> queue_;
    std::string failure_;
    Duties duties_;

private:
    void enqueue(Pending pending);

    std::vector<Listener> listeners_;
    bool committing_ = false;
};

/// With a store of its own, on its disk: one write of the store for a batch.
class LocalEngine : public Engine {
public:
    /// Loads the model. Throws StoreError.
    LocalEngine(boost::asio::io_context& io, std::unique_ptr<Store> store, std::function<std::int64_t()> unix_us);
    /// Finishes the batch under way; what is queued behind it is dropped.
    ~LocalEngine() override;

    std::shared_ptr<RowReader> rows() const override { return store_; }

private:
    struct Batch {
        std::vector<Change> changes;
        std::int64_t index = 0;
        std::vector<std::pair<Pending, Reply>> answers;
        std::string failure;
    };

    void start_batch() override;
    void finish_batch(std::unique_ptr<Batch> batch);
    void disk_loop();

    std::shared_ptr<Store> store_;
    std::int64_t burnt_index_ = 0; // indexes up to here were given to batches that failed: they may be on the disk all the same

    std::mutex mutex_;
    std::condition_variable to_do_;
    std::unique_ptr<Batch> job_; // guarded by mutex_
    bool stop_ = false;          // guarded by mutex_
    std::thread disk_;
};

} // namespace gravity::registry
