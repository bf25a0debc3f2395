#include "redis/pipeline_machine.hpp"

#include <algorithm>

namespace gravity::redis {

std::optional<Failure> PipelineMachine::submit(std::unique_ptr<Exchange>& exchange) {
    if (closed_) return Failure{ErrorKind::closed, "the Redis client is closed"};
    if (!connected_ && !settings_.hold_while_down && tried_)
        return Failure{ErrorKind::unavailable, "Redis is not reachable: " + down_why_};
    if (pending() >= settings_.max_pending)
        return Failure{ErrorKind::overloaded,
                       "more than " + std::to_string(settings_.max_pending) + " Redis calls are pending"};
    // One call alone may be larger than the bound: it could never be sent otherwise.
    if (waiting_bytes_ != 0 && waiting_bytes_ + exchange->wire.size() > settings_.max_waiting_bytes)
        return Failure{ErrorKind::overloaded, "too many bytes wait to be written to Redis"};
    exchange->id = ++last_id_;
    waiting_bytes_ += exchange->wire.size();
    waiting_.push_back(std::move(exchange));
    return std::nullopt;
}

void PipelineMachine::connected() {
    connected_ = true;
    writing_ = false;
    probe_wanted_ = false;
    taken_ = batch_begin_ = 0;
    down_why_.clear();
}

std::string PipelineMachine::take(std::size_t max_bytes) {
    std::string out;
    if (!connected_ || writing_) return out;
    batch_begin_ = taken_;
    while (!waiting_.empty() && out.size() < max_bytes) {
        auto exchange = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= exchange->wire.size();
        out += exchange->wire;
        std::size_t due = exchange->expected;
        slots_.push_back({std::move(exchange), due, taken_});
        taken_ = batch_begin_ + out.size();
    }
    if (probe_wanted_) {
        probe_wanted_ = false;
        out += ping;
        slots_.push_back({nullptr, 1, taken_, true});
        taken_ = batch_begin_ + out.size();
    }
    writing_ = !out.empty();
    return out;
}

void PipelineMachine::written() {
    writing_ = false;
    // The bytes are kept until here because an unwritten call goes back to the queue; now they would only cost memory.
    for (auto slot = slots_.rbegin(); slot != slots_.rend() && slot->begin >= batch_begin_; ++slot)
        if (slot->exchange) std::string().swap(slot->exchange->wire);
    batch_begin_ = taken_;
}

void PipelineMachine::probe() { probe_wanted_ = true; }

std::optional<Finished> PipelineMachine::reply(Value value) {
    if (slots_.empty()) {
        // Servers do this to say why they hang up ("-ERR max number of clients reached").
        throw Error(ErrorKind::protocol, "the server spoke unasked: " + (value.text.empty() ? "no text" : value.text));
    }
    Slot& slot = slots_.front();
    --slot.due;
    if (slot.exchange) {
        slot.exchange->replies.push_back(std::move(value));
    } else if (!slot.probe && slot.due == 0) {
        ++late_;
    }
    if (slot.due != 0) return std::nullopt;
    auto exchange = std::move(slot.exchange);
    slots_.pop_front();
    if (!exchange) return std::nullopt;
    return Finished{std::move(exchange), std::nullopt};
}

std::vector<Finished> PipelineMachine::disconnected(std::size_t transferred, const std::string& why) {
    connected_ = false;
    tried_ = true;
    down_why_ = why.empty() ? "connection lost" : why;
    const std::uint64_t left = writing_ ? batch_begin_ + transferred : taken_;
    writing_ = false;
    std::vector<Finished> out;
    while (!slots_.empty() && slots_.back().begin >= left) { // not one byte of it left: it never happened
        auto exchange = std::move(slots_.back().exchange);
        slots_.pop_back();
        if (!exchange) continue;
        waiting_bytes_ += exchange->wire.size();
        waiting_.push_front(std::move(exchange));
    }
    for (auto& slot : slots_)
        if (slot.exchange) {
            slot.exchange->replies.clear();
            out.push_back({std::move(slot.exchange),
                           Failure{ErrorKind::connection_lost, "Redis connection lost: " + down_why_, true}});
        }
    slots_.clear();
    auto failed = fail_waiting(down_why_);
    out.insert(out.end(), std::make_move_iterator(failed.begin()), std::make_move_iterator(failed.end()));
    return out;
}

std::vector<Finished> PipelineMachine::connect_failed(const std::string& why) {
    tried_ = true;
    down_why_ = why;
    return fail_waiting(why);
}

std::vector<Finished> PipelineMachine::fail_waiting(const std::string& why) {
    std::vector<Finished> out;
    if (settings_.hold_while_down) return out;
    for (auto& exchange : waiting_)
        out.push_back({std::move(exchange), Failure{ErrorKind::unavailable, "Redis is not reachable: " + why}});
    waiting_.clear();
    waiting_bytes_ = 0;
    return out;
}

Failure PipelineMachine::past_deadline(bool was_written) const {
    if (was_written) return {ErrorKind::timeout, "no reply from Redis before the deadline", true};
    if (connected_) return {ErrorKind::timeout, "not sent to Redis before the deadline"};
    return {ErrorKind::unavailable, "Redis is not reachable: " + down_why_};
}

std::vector<Finished> PipelineMachine::expire(TimePoint now) {
    std::vector<Finished> out;
    for (auto& slot : slots_)
        if (slot.exchange && slot.exchange->deadline <= now) {
            slot.exchange->replies.clear();
            out.push_back({std::move(slot.exchange), past_deadline(true)});
        }
    auto kept =
        std::stable_partition(waiting_.begin(), waiting_.end(), [&](const auto& e) { return e->deadline > now; });
    for (auto at = kept; at != waiting_.end(); ++at) {
        waiting_bytes_ -= (*at)->wire.size();
        out.push_back({std::move(*at), past_deadline(false)});
    }
    waiting_.erase(kept, waiting_.end());
    return out;
}

std::optional<TimePoint> PipelineMachine::earliest_deadline() const {
    std::optional<TimePoint> first;
    auto consider = [&](const std::unique_ptr<Exchange>& exchange) {
        if (exchange && (!first || exchange->deadline < *first)) first = exchange->deadline;
    };
    for (const auto& slot : slots_) consider(slot.exchange);
    for (const auto& exchange : waiting_) consider(exchange);
    return first;
}

std::optional<Finished> PipelineMachine::abandon(std::uint64_t id) {
    for (auto& slot : slots_)
        if (slot.exchange && slot.exchange->id == id) {
            slot.exchange->replies.clear();
            return Finished{std::move(slot.exchange),
                            Failure{ErrorKind::cancelled, "the Redis call was cancelled", true}};
        }
    auto at = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& e) { return e->id == id; });
    if (at == waiting_.end()) return std::nullopt;
    Finished out{std::move(*at), Failure{ErrorKind::cancelled, "the Redis call was cancelled"}};
    waiting_bytes_ -= out.exchange->wire.size();
    waiting_.erase(at);
    return out;
}

std::vector<Finished> PipelineMachine::close() {
    closed_ = true;
    connected_ = writing_ = false;
    std::vector<Finished> out;
    for (auto& slot : slots_)
        if (slot.exchange) {
            slot.exchange->replies.clear();
            out.push_back({std::move(slot.exchange), Failure{ErrorKind::closed, "the Redis client was closed", true}});
        }
    for (auto& exchange : waiting_)
        out.push_back({std::move(exchange), Failure{ErrorKind::closed, "the Redis client was closed"}});
    slots_.clear();
    waiting_.clear();
    waiting_bytes_ = 0;
    return out;
}

} // namespace gravity::redis
