// What is written: batches of commands as transactions, each of which takes place once.
#include "etcd_messages.hpp"
#include "shared_engine.hpp"
#include "shared_engine_detail.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/crypto.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;
using etcd::Refused;
using etcd::Unreachable;
using shared::call_time;
using shared::follow_patience;
using shared::no_leader;
using shared::write_patience;

constexpr int most_tries = 10; // of a command that others come in the way of
std::chrono::microseconds random_pause(int tries) {
    std::uint64_t random = 0;
    fill_random(&random, sizeof random);
    return std::chrono::microseconds(random % (std::uint64_t{1000} << std::min(tries, 6)));
}

std::int64_t revision_in(const std::vector<std::vector<etcd::Pair>>& read, std::size_t which) {
    return which < read.size() && !read[which].empty() ? read[which].front().mod_revision : 0;
}

} // namespace

void SharedEngine::start_batch() {
    if (ledger_.large()) {
        spawn(io_, "wait", [this] { return wait_for_step(); });
        return;
    }
    auto batch = std::make_shared<Batch>(evaluate_batch());
    if (batch->is_large) {
        spawn(io_, "write", [this, batch] { return write_large(batch); });
        return;
    }
    if (!batch->asks) {
        finish(*batch, followed_);
        return next_batch();
    }
    spawn(io_, "write", [this, batch] { return write(batch); });
}

SharedEngine::Batch SharedEngine::evaluate_batch() {
    Batch batch;
    Reads reads;
    View view(model_, provisional, &reads);
    shared::Draft draft(model_, {options_.operations});
    bool as_leader = false, as_runner = false;
    const std::int64_t now = unix_us_();
    while (!queue_.empty() && batch.pendings.size() < most_commands_) {
        Pending pending = std::move(queue_.front());
        queue_.pop_front();
        const bool leader = pending.authority == Authority::leader, runner = pending.authority == Authority::runner;
        if ((leader && !leads()) || (runner && !lives()) || (pending.still && !pending.still())) continue;
        const std::size_t first = view.changes().size();
        Reply reply = evaluate(pending.command, view, now);
        if (!draft.add(view.changes(), first)) {
            view.roll_back();
            if (!batch.pendings.empty()) {
                queue_.push_front(std::move(pending));
                break;
            }
            batch.is_large = true;
            batch.pendings.push_back(std::move(pending));
            return batch;
        }
        if (!pending.renews.empty() && reply.status == 200) draft.renew(pending.renews);
        as_leader = as_leader || leader;
        as_runner = as_runner || runner;
        batch.asks = batch.asks || pending.answer != nullptr;
        batch.pendings.push_back(std::move(pending));
        batch.replies.push_back(std::move(reply));
    }
    const bool writes = !draft.writes_nothing();
    batch.asks = batch.asks || writes;
    batch.transaction = std::move(draft).finish(reads, ledger_.revisions(), followed_);
    batch.transaction.compares.push_back({std::string(shared::large_key), 0});
    must_have(as_leader, as_runner, batch.transaction);
    return batch;
}

// Authority that etcd takes away from a daemon which cannot know yet.
void SharedEngine::must_have(bool as_leader, bool as_runner, shared::Transaction& transaction) const {
    const auto must_stay = [&](std::string key) {
        const std::int64_t revision = ledger_.revision_of(key);
        transaction.compares.push_back({std::move(key), revision});
    };
    if (as_leader) {
        must_stay(std::string(shared::leader_key));
        must_stay(std::string(shared::renewed_key)); // somebody may have come in time
    }
    if (as_runner) must_stay(std::string(shared::member_prefix) + me_);
}

Task<void> SharedEngine::write(std::shared_ptr<Batch> batch) {
    shared::Transaction transaction = std::move(batch->transaction);
    const bool writes = !transaction.writes.empty();
    Manner manner;
    Outcome outcome = co_await commit(std::move(transaction), std::move(manner));
    if (outcome.kind == Outcome::Kind::applied && writes) {
        const Clock::time_point deadline = Clock::now() + follow_patience;
        co_await reach(outcome.revision, deadline);
        if (followed_ < outcome.revision) {
            outcome.kind = Outcome::Kind::failed;
            outcome.why = "it was written, but this daemon could not read it back";
        }
    }
    co_await conclude(batch, std::move(outcome));
}

Task<void> SharedEngine::conclude(std::shared_ptr<Batch> batch, Outcome outcome) {
    if (outcome.kind == Outcome::Kind::conflict) {
        const Clock::time_point deadline = Clock::now() + call_time;
        co_await reach(outcome.revision, deadline);
        co_await see(outcome.large, deadline);
        const auto pause = random_pause(batch->pendings.front().tries);
        co_await sleep_for(pause);
    }
    switch (outcome.kind) {
    case Outcome::Kind::applied:
        most_commands_ = std::min(most_commands_ * 2, full_batch);
        finish(*batch, outcome.revision);
        break;
    case Outcome::Kind::conflict: give_back(std::move(*batch)); break;
    case Outcome::Kind::failed:
        for (const Pending& pending : batch->pendings) give(pending, {500, outcome.why, false});
        break;
    }
    next_batch();
}

// Every transaction asks that this daemon's last one is still its last, and becomes it. So one whose answer was lost may be sent again: it takes place
// once, and whether it has can be seen. One that is given up is made impossible first.
Task<SharedEngine::Outcome> SharedEngine::commit(shared::Transaction transaction, Manner manner) {
    if (!standing().known_leader) co_return Outcome::failed(std::string(no_leader));
    const auto gateway = gateway_;
    const std::string marker = std::string(shared::writer_prefix) + me_;
    const std::string name = std::to_string(++sequence_);
    const bool writes = !transaction.writes.empty();
    transaction.compares.push_back({marker, marker_revision_});
    if (writes) transaction.writes[marker] = name;
    if (writes && !manner.silent) transaction.writes[std::string(shared::index_key)] = name;
    etcd::TxnExtras extras{{marker, std::string(shared::index_key), std::string(shared::large_key)}, lease_, std::move(manner.leased), std::move(manner.below)};
    std::string body = etcd::txn_body(transaction, options_.prefix, extras);
    extras.leased.clear();
    extras.below.clear();
    transaction = {};
    bool maybe = false;   // a try was lost on its way: it may take place later
    bool fencing = false; // nothing is wanted any more but certainty
    std::string failure(no_leader);
    std::int64_t newest_seen = 0, large_seen = 0;
    const Clock::time_point until = Clock::now() + write_patience;
    while (Clock::now() < until) {
        const std::size_t member = gateway->member();
        std::optional<etcd::TxnAnswer> answer;
        std::string why, sent = body;
        bool lost = false, refused = false;
        try {
            const std::string text = co_await gateway->call("kv/txn", std::move(sent), call_time);
            answer = etcd::txn_answer(text);
        } catch (const Refused& error) {
            refused = true;
            why = error.what();
        } catch (const Unreachable& error) {
            lost = error.maybe;
            why = error.what();
        } catch (const etcd::Malformed& error) {
            lost = true;
            why = error.what();
        }
        if (!answer) {
            failure = refused ? "Failed to write: etcd: " + why : std::string(no_leader) + ": " + why;
            if (refused) co_return Outcome::failed(std::move(failure));
            maybe = maybe || lost;
            leave(member);
            co_await sleep_for(50ms);
            continue;
        }
        if (answer->succeeded) {
            if (writes || fencing) marker_revision_ = answer->revision;
            if (fencing) co_return Outcome::conflict(newest_seen, large_seen);
            co_return Outcome::applied(answer->revision);
        }
        const std::int64_t present = revision_in(answer->read, 0);
        const bool known = present == marker_revision_;
        const bool is_this = writes && present != 0 && !known && answer->read[0].front().value == name;
        newest_seen = std::max(newest_seen, revision_in(answer->read, 1));
        large_seen = std::max(large_seen, revision_in(answer->read, 2));
        if (is_this) { // it was applied by a try whose answer was lost
            marker_revision_ = present;
            co_return Outcome::applied(present);
        }
        if (!known) marker_revision_ = present; // an earlier one took place late, or the marker was swept away
        if (!known && present == 0 && maybe) co_return Outcome::failed("Failed to write: it is not known whether it was written");
        if (!known || !maybe || !writes) co_return Outcome::conflict(newest_seen, large_seen);
        // Refused now, but a try that was lost could still be under way.
        fencing = true;
        shared::Transaction fence;
        fence.compares.push_back({marker, marker_revision_});
        fence.writes[marker] = "fence";
        body = etcd::txn_body(fence, options_.prefix, extras);
    }
    co_return Outcome::failed(std::move(failure));
}

void SharedEngine::give_back(Batch batch) {
    most_commands_ = std::max<std::size_t>(batch.pendings.size() / 2, 1);
    while (!batch.pendings.empty()) {
        Pending pending = std::move(batch.pendings.back());
        batch.pendings.pop_back();
        if (++pending.tries < most_tries)
            queue_.push_front(std::move(pending));
        else
            give(pending, {500, "Failed to write: others changed the same again and again", false});
    }
}

void SharedEngine::finish(Batch& batch, std::int64_t revision) {
    for (std::size_t i = 0; i < batch.pendings.size(); ++i) {
        for (OperationResult& result : batch.replies[i].results) std::visit([revision](auto& one) { settle(one, revision); }, result);
        give(batch.pendings[i], std::move(batch.replies[i]));
    }
}

} // namespace gravity::registry
