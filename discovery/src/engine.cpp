#include "engine.hpp"

#include "layout.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace gravity::registry {
namespace {

constexpr std::size_t max_batch = 512; // bounds how long the I/O thread evaluates in one go

} // namespace

Task<Reply> Engine::run(Command command, std::string renews) {
    auto initiate = [this](auto handler, Command given, std::string renewal) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        enqueue({std::move(given), [shared](Reply reply) { (*shared)(std::move(reply)); }, std::move(renewal)});
    };
    const auto& token = boost::asio::use_awaitable;
    Reply reply = co_await boost::asio::async_initiate<decltype(token), void(Reply)>(initiate, token, std::move(command), std::move(renews));
    co_return reply;
}

void Engine::post(Command command, Authority authority, std::function<bool()> still) {
    enqueue({std::move(command), {}, {}, authority, std::move(still)});
}

void Engine::give(const Pending& pending, Reply reply) {
    if (pending.answer)
        pending.answer(std::move(reply));
    else if (reply.status != 200)
        log::warn("an internal command was refused", {{"status", reply.status}, {"reason", reply.text}});
}

void Engine::enqueue(Pending pending) {
    queue_.push_back(std::move(pending));
    // Posted, not called: what arrives in this turn of the loop joins one batch.
    if (!std::exchange(committing_, true)) boost::asio::post(io_, [this] { start_batch(); });
}

void Engine::next_batch() {
    if (queue_.empty())
        committing_ = false;
    else
        boost::asio::post(io_, [this] { start_batch(); });
}

void Engine::note_failure(const std::string& failure) {
    if (failure == failure_) return;
    failure_ = failure;
    if (failure_.empty())
        log::info("the store takes writes again");
    else
        log::error("the store does not take writes", {{"reason", failure_}});
}

void Engine::publish(const std::vector<Change>& changes) {
    std::set<std::string> touched;
    model_.apply(changes, touched);
    for (const Listener& listener : listeners_) listener(changes, touched);
}

Task<void> Engine::keep() { co_return; }
Task<void> Engine::resign() { co_return; }
Task<bool> Engine::catch_up() { co_return true; }
Task<void> Engine::reach(std::int64_t, std::chrono::steady_clock::time_point) { co_return; }
bool Engine::runs(const Check&) const { return true; }

LocalEngine::LocalEngine(boost::asio::io_context& io, std::unique_ptr<Store> store, std::function<std::int64_t()> unix_us)
    : Engine(io, std::move(unix_us)), store_(std::move(store)) {
    layout::load(*store_, model_);
    disk_ = std::thread([this] { disk_loop(); });
}

LocalEngine::~LocalEngine() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    to_do_.notify_one();
    disk_.join();
}

void LocalEngine::start_batch() {
    auto batch = std::make_unique<Batch>();
    View view(model_, burnt_index_);
    const std::int64_t now = unix_us_();
    for (std::size_t n = std::min(queue_.size(), max_batch); n > 0; --n) {
        Pending pending = std::move(queue_.front());
        queue_.pop_front();
        if (pending.still && !pending.still()) continue;
        Reply reply = evaluate(pending.command, view, now);
        batch->answers.emplace_back(std::move(pending), std::move(reply));
    }
    batch->changes = view.changes();
    batch->index = view.index();
    if (batch->changes.empty()) return finish_batch(std::move(batch)); // nothing to write: no need to wake the disk
    {
        const std::lock_guard lock(mutex_);
        job_ = std::move(batch);
    }
    to_do_.notify_one();
}

void LocalEngine::finish_batch(std::unique_ptr<Batch> batch) {
    if (!batch->changes.empty()) {
        note_failure(batch->failure);
        if (failure_.empty())
            publish(batch->changes);
        else
            burnt_index_ = batch->index;
    }
    for (auto& [pending, reply] : batch->answers) {
        // A command that was only evaluated upon changes that are now void has no true answer either.
        if (!batch->failure.empty()) reply = {500, "Failed to write: " + batch->failure, false};
        give(pending, std::move(reply));
    }
    next_batch();
}

void LocalEngine::disk_loop() {
    for (;;) {
        std::unique_ptr<Batch> batch;
        {
            std::unique_lock lock(mutex_);
            to_do_.wait(lock, [this] { return job_ || stop_; });
            if (!job_) return;
            batch = std::move(job_);
        }
        try {
            store_->commit(layout::writes_of(batch->changes, batch->index));
        } catch (const std::exception& error) {
            batch->failure = error.what();
        }
        auto shared = std::make_shared<std::unique_ptr<Batch>>(std::move(batch));
        boost::asio::post(io_, [this, shared] { finish_batch(std::move(*shared)); });
    }
}

} // namespace gravity::registry
