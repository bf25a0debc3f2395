#pragma once

#include "commands.hpp"
#include "store.hpp"

#include <gravity/async/task.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::registry {

/// The one writer. Commands are taken in order: those that came while a batch was on its way to the disk form the next batch (group commit), are
/// evaluated one after the other, committed together, applied to the model, told to the listeners, and answered. Nothing is visible before it is
/// on the disk. I/O thread, but for its own disk thread.
class Engine {
public:
    using Listener = std::function<void(const std::vector<Change>& changes, const std::set<std::string>& touched)>;

    /// Loads the model. Throws StoreError.
    Engine(boost::asio::io_context& io, std::unique_ptr<Store> store, std::function<std::int64_t()> unix_us);
    /// Finishes the batch under way; what is queued behind it is dropped.
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    const Model& model() const { return model_; }
    /// For what the model does not hold; commits are the engine's alone.
    const std::shared_ptr<Store>& store() const { return store_; }
    /// Called after each batch, before its commands are answered.
    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

    /// The command's answer, once it is on the disk. A store that fails answers 500.
    Task<Reply> run(Command command);
    /// The same for nobody who waits; a refusal is logged.
    void post(Command command);

    void forget_departed(std::int64_t index) { model_.forget_departed(index); }

    /// Why the last commit failed; empty if it did not.
    const std::string& store_failure() const { return failure_; }
    std::size_t queued() const { return queue_.size(); }

private:
    using Answer = std::function<void(Reply)>;
    struct Pending {
        Command command;
        Answer answer;
    };
    struct Batch {
        std::vector<Change> changes;
        std::int64_t index = 0;
        std::vector<std::pair<Answer, Reply>> answers;
        std::string failure;
    };

    void enqueue(Command command, Answer answer);
    void start_batch();
    void finish_batch(std::unique_ptr<Batch> batch);
    void disk_loop();

    boost::asio::io_context& io_;
    std::shared_ptr<Store> store_;
    std::function<std::int64_t()> unix_us_;
    Model model_;
    std::vector<Listener> listeners_;
    std::deque<Pending> queue_;
    bool committing_ = false;
    std::int64_t burnt_index_ = 0; // indexes up to here were given to batches that failed: they may be on the disk all the same
    std::string failure_;

    std::mutex mutex_;
    std::condition_variable to_do_;
    std::unique_ptr<Batch> job_; // guarded by mutex_
    bool stop_ = false;          // guarded by mutex_
    std::thread disk_;
};

} // namespace gravity::registry
