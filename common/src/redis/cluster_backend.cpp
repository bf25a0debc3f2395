#include "redis/cluster_backend.hpp"

#include "redis/ask_once.hpp"
#include "redis/command_rules.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>

namespace gravity::redis {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds refresh_gap{50}; // a storm of MOVED is answered by one look

void rethrow(std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
}

Task<void> sleep_until(asio::io_context& io, TimePoint when) {
    asio::steady_timer timer(io, when);
    co_await timer.async_wait(asio::use_awaitable);
}

/// The error that decides about the whole call; empty if there is none.
std::string_view decisive_error(const Outcome& outcome) {
    for (const Value& reply : outcome.replies)
        if (reply.is_error() && reply.error_code() != "EXECABORT") return reply.text;
    return {};
}

class ClusterSource final : public EndpointSource {
public:
    ClusterSource(std::shared_ptr<ClusterBackend> backend, std::optional<std::uint16_t> slot)
        : backend_(std::move(backend)), slot_(slot) {}
    Task<Endpoint> next() override { return backend_->locate(slot_); }

private:
    std::shared_ptr<ClusterBackend> backend_;
    std::optional<std::uint16_t> slot_;
};

} // namespace

ClusterBackend::ClusterBackend(asio::io_context& io, Url url, Options options)
    : Backend(io, std::move(url), std::move(options)), refreshed_(io) {
    refreshed_.expires_at(TimePoint::max());
}

std::shared_ptr<Backend> make_cluster_backend(asio::io_context& io, Url url, Options options) {
    auto backend = std::make_shared<ClusterBackend>(io, std::move(url), std::move(options));
    backend->refresh_soon();
    return backend;
}

// ---- where things are

void ClusterBackend::refresh_soon() {
    if (refreshing_ || closed_) return;
    refreshing_ = true;
    asio::co_spawn(io(), refresh(self()), rethrow);
}

Task<void> ClusterBackend::refresh(std::shared_ptr<ClusterBackend> self) {
    if (!self->map_.empty()) co_await sleep_until(self->io(), self->learnt_at_ + refresh_gap);
    std::vector<Endpoint> candidates = self->map_.nodes();
    const auto& seeds = self->url().endpoints;
    candidates.insert(candidates.end(), seeds.begin(), seeds.end());
    bool learnt = false;
    for (std::size_t i = 0; i < candidates.size() && !learnt && !self->closed_; ++i) {
        const Endpoint asked = candidates[i];
        std::vector<Command> question;
        question.push_back(Command{"CLUSTER", "SLOTS"});
        try {
            auto replies = co_await ask_once(self->io(), self->link_settings(), asked, std::move(question));
            learnt = self->learn(replies.at(0), asked);
        } catch (const Error& error) {
            self->last_error_ = error.what();
        }
    }
    self->learnt_at_ = std::chrono::steady_clock::now();
    self->refreshing_ = false;
    self->refreshed_.cancel();
}

bool ClusterBackend::learn(const Value& reply, const Endpoint& asked) {
    SlotMap map = SlotMap::parse(reply, asked);
    if (map.empty()) { // a node that was reset, or has not joined yet
        last_error_ = asked.to_string() + ": knows of no slots";
        return false;
    }
    map_ = std::move(map);
    last_error_.clear();
    retire_strangers();
    if (!closed_)
        for (const Endpoint& master : map_.masters()) connection(master);
    return true;
}

void ClusterBackend::retire_strangers() {
    for (auto at = connections_.begin(); at != connections_.end();) {
        // One that still owes replies is left for the next time.
        if (map_.has_master(at->first) || !at->second->is_idle()) {
            ++at;
            continue;
        }
        at->second->close();
        at->second->add_to(gone_);
        at = connections_.erase(at);
    }
}

Task<void> ClusterBackend::wait_for_refresh(TimePoint deadline) {
    // A timer of its own: refreshed_ has one expiry for all who wait on it.
    asio::steady_timer until(io(), deadline);
    auto late = std::make_shared<bool>(false); // shared: the handler may run after this coroutine is gone
    until.async_wait([backend = self(), late](boost::system::error_code error) {
        if (error) return;
        *late = true;
        backend->refreshed_.cancel();
    });
    boost::system::error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    while (refreshing_ && !*late && !closed_) {
        co_await refreshed_.async_wait(token);
    }
}

Task<Endpoint> ClusterBackend::locate(Slot slot) {
    auto keep = self();
    refresh_soon();
    co_await wait_for_refresh(std::chrono::steady_clock::now() + options().connect_timeout);
    std::optional<Endpoint> found;
    if (slot) found = map_.owner(*slot);
    if (!slot && !map_.nodes().empty()) found = map_.nodes()[turn_++ % map_.nodes().size()];
    if (!found) throw Error(ErrorKind::unavailable, "no node of the cluster is known: " + last_error_);
    co_return *found;
}

std::shared_ptr<EndpointSource> ClusterBackend::source(std::vector<std::string> keys) {
    Slot slot;
    for (const auto& key : keys) {
        if (slot && *slot != slot_of(key))
            throw Error(ErrorKind::usage, "keys of one connection must be in one slot: give them a {tag}");
        slot = slot_of(key);
    }
    return std::make_shared<ClusterSource>(self(), slot);
}

std::optional<Endpoint> ClusterBackend::any_master() {
    const auto& masters = map_.masters();
    for (std::size_t i = 0; i < masters.size(); ++i) {
        const Endpoint& candidate = masters[turn_++ % masters.size()];
        auto at = connections_.find(candidate);
        if (at != connections_.end() && at->second->is_connected()) return candidate;
    }
    if (masters.empty()) return std::nullopt;
    return masters[turn_++ % masters.size()];
}

std::shared_ptr<Connection> ClusterBackend::connection(const Endpoint& node) {
    auto& slot = connections_[node];
    if (!slot) slot = Connection::open(io(), link_settings(), std::make_shared<FixedSource>(node), false);
    return slot;
}

// ---- calls

/// The slot of a command, which must agree with `so_far` if they go `together`. Throws Error{usage}.
ClusterBackend::Slot ClusterBackend::slot_for(const Command& command, Slot so_far, bool together) {
    Keys keys = keys_of(command);
    const std::string& name = command.args().front();
    if (keys.knowledge == Keys::Knowledge::every_node)
        throw Error(ErrorKind::usage, name + " concerns one node of the cluster: choose it by route_by(key)");
    if (keys.knowledge == Keys::Knowledge::unknown)
        throw Error(ErrorKind::usage, name + " is not known here: say route_by(key) for the cluster");
    Slot slot = together ? so_far : Slot();
    for (auto key : keys.keys) {
        auto next = slot_of(key);
        if (slot && *slot != next)
            throw Error(ErrorKind::usage, name + ": keys are in different slots of the cluster: give them one {tag}");
        slot = next;
    }
    return slot;
}

Task<Outcome> ClusterBackend::call(Call call) {
    const bool together = call.kind == Call::Kind::transaction;
    std::vector<Slot> slots;
    Slot slot;
    bool same = true;
    for (const auto& command : call.commands) {
        Slot next = slot_for(command, slot, together);
        if (!slots.empty() && next != slots.back()) same = false;
        slots.push_back(next);
        slot = next;
    }
    // In a transaction a command without keys goes where the others go.
    if (together || same) return run(self(), std::move(call), slot);
    return scatter(std::move(call), std::move(slots));
}

Task<Outcome> ClusterBackend::run(std::shared_ptr<ClusterBackend> self, Call call, Slot slot) {
    const bool transaction = call.kind == Call::Kind::transaction;
    RedirectMachine machine(transaction);
    RedirectMachine::Step step;
    Outcome outcome;
    while (true) {
        if (step.moved) self->map_.set(step.moved->slot, *step.node);
        if (step.refresh) self->refresh_soon();
        if (step.pause.count() > 0) {
            const TimePoint until = std::min(std::chrono::steady_clock::now() + step.pause, call.deadline);
            co_await sleep_until(self->io(), until);
            if (until == call.deadline) co_return outcome; // what the last try said is more telling than "too late"
        }
        if (self->map_.empty()) {
            self->refresh_soon();
            co_await self->wait_for_refresh(call.deadline);
        }
        if (self->closed_) co_return Outcome{{}, Failure{ErrorKind::closed, "the Redis client was closed"}};
        std::optional<Endpoint> node = step.node ? step.node : slot ? self->map_.owner(*slot)
                                                                    : self->any_master();
        std::optional<RedirectMachine::Step> next;
        if (!node) {
            outcome = Outcome{
                {}, Failure{ErrorKind::unavailable, "no node of the cluster serves the key: " + self->last_error_}};
            next = machine.nobody();
        } else {
            Request request;
            if (step.asking) request.add(Command{"ASKING"});
            Request rest = encode(call);
            request.wire += rest.wire;
            request.expected += rest.expected;
            request.deadline = call.deadline;
            auto connection = self->connection(*node);
            outcome = co_await connection->execute(std::move(request));
            if (step.asking && !outcome.replies.empty()) outcome.replies.erase(outcome.replies.begin());
            if (outcome.failure) {
                next = machine.failed(*outcome.failure);
            } else if (transaction || call.commands.size() == 1) {
                next = machine.refused(decisive_error(outcome), *node);
            } else {
                co_await retry_refused(self, &call, slot, &outcome);
            }
        }
        if (!next || std::chrono::steady_clock::now() >= call.deadline) co_return outcome;
        step = *next;
    }
}

/// Of several independent commands each may have been refused for itself, in the middle of a migration: those go again
/// one by one.
Task<void> ClusterBackend::retry_refused(std::shared_ptr<ClusterBackend> self, Call* call, Slot slot,
                                         Outcome* outcome) {
    for (std::size_t i = 0; i < outcome->replies.size(); ++i) {
        RedirectMachine probe(false);
        if (!outcome->replies[i].is_error() || !probe.refused(outcome->replies[i].text, Endpoint())) continue;
        std::vector<Command> alone;
        alone.push_back(call->commands[i]);
        Call single{Call::Kind::independent, std::move(alone), call->deadline};
        Outcome again = co_await run(self, std::move(single), slot);
        if (!again.failure) {
            outcome->replies[i] = std::move(again.replies.at(0));
            continue;
        }
        again.failure->maybe_executed = true; // the others were
        *outcome = std::move(again);
        co_return;
    }
}

/// Commands of one slot, and where their replies belong.
struct ClusterBackend::Group {
    Slot slot;
    std::vector<Command> commands;
    std::vector<std::size_t> positions;
    Outcome outcome{};
};

struct ClusterBackend::Gather {
    explicit Gather(asio::io_context& io) : done(io, TimePoint::max()) {}
    std::vector<Group> groups;
    std::size_t running = 0;
    asio::steady_timer done;
};

Task<void> ClusterBackend::run_group(std::shared_ptr<ClusterBackend> self, std::shared_ptr<Gather> gather,
                                     std::size_t index, TimePoint deadline) {
    Group& group = gather->groups[index];
    Call call{Call::Kind::independent, std::move(group.commands), deadline};
    group.outcome = co_await run(self, std::move(call), group.slot);
    if (--gather->running == 0) gather->done.cancel();
}

Task<Outcome> ClusterBackend::scatter(Call call, std::vector<Slot> slots) {
    auto keep = self();
    auto gather = std::make_shared<Gather>(io());
    std::map<Slot, std::size_t> known;
    for (std::size_t i = 0; i < call.commands.size(); ++i) {
        auto [at, fresh] = known.try_emplace(slots[i], gather->groups.size());
        if (fresh) gather->groups.push_back({slots[i], {}, {}});
        Group& group = gather->groups[at->second];
        group.commands.push_back(std::move(call.commands[i]));
        group.positions.push_back(i);
    }
    gather->running = gather->groups.size();
    for (std::size_t i = 0; i < gather->groups.size(); ++i)
        asio::co_spawn(io(), run_group(keep, gather, i, call.deadline), rethrow);
    boost::system::error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    while (gather->running > 0) {
        co_await gather->done.async_wait(token);
    }
    Outcome out;
    out.replies.resize(slots.size());
    bool executed = false;
    for (Group& group : gather->groups) {
        if (group.outcome.failure) {
            if (!out.failure) out.failure = std::move(group.outcome.failure);
            continue;
        }
        executed = true;
        for (std::size_t i = 0; i < group.positions.size(); ++i)
            out.replies[group.positions[i]] = std::move(group.outcome.replies.at(i));
    }
    if (out.failure && executed) out.failure->maybe_executed = true; // of the whole, part was
    co_return out;
}

// ---- state

bool ClusterBackend::connected() const {
    return !map_.empty() && std::any_of(connections_.begin(), connections_.end(),
                                        [](const auto& entry) { return entry.second->is_connected(); });
}

std::string ClusterBackend::last_error() const {
    if (connected()) return {};
    if (!last_error_.empty() || connections_.empty()) return last_error_;
    return connections_.begin()->second->last_error();
}

Stats ClusterBackend::stats() const {
    Stats stats = gone_;
    for (const auto& [node, connection] : connections_) connection->add_to(stats);
    return stats;
}

void ClusterBackend::close() {
    closed_ = true;
    refreshed_.cancel();
    for (auto& [node, connection] : connections_) connection->close();
}

} // namespace gravity::redis
