// Steps that are larger than a transaction of etcd: prepared by the daemon that was asked, carried out by whichever is there.
#include "etcd_messages.hpp"
#include "layout.hpp"
#include "shared_engine.hpp"
#include "shared_engine_detail.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;
using shared::call_time;
using shared::follow_patience;
using shared::LargeStep;
using shared::no_leader;

constexpr auto step_patience = 30s; // for a large step, one's own or another's
constexpr auto look_again = 5ms;
constexpr std::size_t piece_bytes = 1'000'000;

std::string key_in_results(const KeyResult& result) { return layout::stored_key(kind_of<KvEntry>, result.key); }
std::string key_in_results(const Row<Node>& row) { return row ? layout::stored_key(kind_of<Node>, row->name) : std::string(); }
template <class R>
std::string key_in_results(const Row<R>& row) {
    return row ? layout::stored_key(kind_of<R>, key_of(row->node, row->id)) : std::string();
}

} // namespace

// The one command of the batch, whose changes are more than a transaction holds.
Task<void> SharedEngine::write_large(std::shared_ptr<Batch> batch) {
    taking_ = true;
    Outcome outcome = co_await take_step(batch);
    taking_ = false;
    own_.reset();
    co_await conclude(batch, std::move(outcome));
}

Task<SharedEngine::Outcome> SharedEngine::take_step(std::shared_ptr<Batch> batch) {
    if (!lease_lives()) co_return Outcome::failed(std::string(no_leader));
    LargeStep step{me_, ++steps_};
    shared::Transaction lock;
    lock.compares.push_back({std::string(shared::large_key), 0});
    lock.writes[std::string(shared::large_key)] = step.text();
    Manner leased{{std::string(shared::large_key)}, {std::string(shared::piece_prefix) + me_ + '/'}, true};
    Outcome locked = co_await commit(std::move(lock), std::move(leased));
    if (locked.kind != Outcome::Kind::applied) co_return locked;
    const std::int64_t revision = locked.revision;
    const Clock::time_point deadline = Clock::now() + follow_patience;
    co_await reach(revision, deadline);
    // From here on the model is what etcd has, for as long as nobody takes the step away.
    Outcome settled = Outcome::failed("Failed to write: this daemon lags behind etcd");
    if (followed_ >= revision) settled = co_await prepare(batch, std::move(step), revision);
    if (!own_) { // nothing to write, or it came to nothing
        const bool done = settled.kind == Outcome::Kind::applied;
        Outcome released = co_await release(revision);
        if (done) co_return released;
        co_return settled;
    }
    if (settled.kind != Outcome::Kind::applied) co_return settled; // it is not known; keep_lease() finds out
    Outcome seen = co_await see_through(batch);
    co_return seen;
}

// Evaluates, lays down what is to be written, and settles that it will be. Nothing is settled as long as there is no `own_`.
Task<SharedEngine::Outcome> SharedEngine::prepare(std::shared_ptr<Batch> batch, LargeStep step, std::int64_t lock) {
    const Pending& pending = batch->pendings.front();
    View view(model_, provisional);
    batch->replies.assign(1, evaluate(pending.command, view, unix_us_()));
    if (view.changes().empty()) co_return Outcome::applied(lock);
    auto writes = shared::writes_of(view.changes(), model_);
    if (!pending.renews.empty()) writes[std::string(shared::renewed_key)] = shared::renewals_text({pending.renews});
    std::vector<std::string> pieces = shared::pieces_of(writes, piece_bytes);
    writes.clear();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        shared::Transaction lay;
        lay.compares.push_back({std::string(shared::large_key), lock});
        lay.writes[step.key_of(i)] = std::move(pieces[i]);
        Manner silent{{}, {}, true};
        Outcome laid = co_await commit(std::move(lay), std::move(silent));
        if (laid.kind != Outcome::Kind::applied) co_return laid;
    }
    step.pieces = pieces.size();
    shared::Transaction decision;
    decision.compares.push_back({std::string(shared::large_key), lock});
    must_have(pending.authority == Authority::leader, pending.authority == Authority::runner, decision);
    decision.writes[std::string(shared::large_key)] = step.text();
    own_.emplace();
    own_->number = step.number;
    Manner silent{{}, {}, true};
    Outcome settled = co_await commit(std::move(decision), std::move(silent));
    if (settled.kind == Outcome::Kind::conflict) own_.reset();
    co_return settled;
}

Task<SharedEngine::Outcome> SharedEngine::release(std::int64_t lock) {
    shared::Transaction end;
    end.compares.push_back({std::string(shared::large_key), lock});
    end.writes[std::string(shared::large_key)] = std::nullopt;
    Manner silent{{}, {std::string(shared::piece_prefix) + me_ + '/'}, true};
    Outcome released = co_await commit(std::move(end), std::move(silent));
    co_return released;
}

// What is settled is carried out, and comes back by the watch.
Task<SharedEngine::Outcome> SharedEngine::see_through(std::shared_ptr<Batch> batch) {
    const auto gateway = gateway_;
    const Clock::time_point until = Clock::now() + step_patience;
    while (!own_->shown && !own_->missed && Clock::now() < until) {
        const std::size_t member = gateway->member();
        bool known = false;
        try {
            co_await carry_out(gateway, options_.prefix, options_.operations);
            known = co_await catch_up();
        } catch (const std::runtime_error& error) {
            log::warn("a large step is not carried out yet", {{"reason", error.what()}});
        }
        if (known) continue;
        leave(member);
        co_await sleep_for(100ms);
    }
    if (own_->missed) co_return Outcome::failed("it was written, but this daemon could not read it back");
    if (!own_->shown) co_return Outcome::failed("Failed to write: it has been settled and will be done, but not yet");
    for (OperationResult& result : batch->replies.front().results) {
        std::visit(
            [this](auto& one) {
                const auto known = own_->revisions.find(key_in_results(one));
                if (known != own_->revisions.end()) settle(one, known->second);
            },
            result);
    }
    co_return Outcome::applied(own_->revision);
}

// Each transaction of it asks that nobody has gone on meanwhile, so any number of daemons may do this at once.
Task<void> SharedEngine::carry_out(std::shared_ptr<etcd::Gateway> gateway, std::string prefix, std::size_t operations) {
    const std::string large(shared::large_key);
    std::size_t most = operations - 3; // beside .large, .index and the pieces
    std::int64_t missing_at = 0;
    for (;;) {
        std::string asked = etcd::range_body(prefix + large);
        const std::string found = co_await gateway->call("kv/range", std::move(asked), call_time);
        const etcd::RangeAnswer range = etcd::range_answer(found);
        if (range.pairs.empty()) co_return;
        LargeStep step = shared::large_step_in(range.pairs.front().value);
        if (!step.is_settled()) co_return;
        std::int64_t revision = range.pairs.front().mod_revision;
        std::string piece;
        std::vector<Write> rows;
        for (bool mine = true; mine;) {
            if (piece != step.key_of(step.piece)) {
                piece = step.key_of(step.piece);
                asked = etcd::range_body(prefix + piece);
                const std::string text = co_await gateway->call("kv/range", std::move(asked), call_time);
                const etcd::RangeAnswer answer = etcd::range_answer(text);
                if (answer.pairs.empty()) { // others have finished it meanwhile
                    if (std::exchange(missing_at, revision) == revision) throw StoreError("a large step has lost " + piece);
                    break;
                }
                rows = shared::writes_in(answer.pairs.front().value);
            }
            LargeStep next = step;
            next.row = std::min(step.row + most, rows.size());
            shared::Transaction part;
            part.compares.push_back({large, revision});
            for (std::size_t row = step.row; row < next.row; ++row) part.writes[rows[row].key] = rows[row].value;
            if (next.row == rows.size()) {
                ++next.piece;
                next.row = 0;
            }
            const bool last = next.piece == next.pieces;
            etcd::TxnExtras extras{{large}, 0, {}, {}};
            part.writes[large] = next.text();
            if (last) {
                part.writes[large] = std::nullopt;
                part.writes[std::string(shared::index_key)] = step.owner;
                extras.below.push_back(step.place());
            }
            std::string body = etcd::txn_body(part, prefix, extras);
            std::optional<etcd::TxnAnswer> answer;
            try {
                const std::string text = co_await gateway->call("kv/txn", std::move(body), call_time);
                answer = etcd::txn_answer(text);
            } catch (const etcd::Refused&) { // etcd takes fewer operations than it was said to
                if (most == 1) throw;
                most = (most + 1) / 2;
                continue;
            }
            mine = answer->succeeded;
            if (mine && last) co_return;
            step = std::move(next);
            revision = answer->revision;
        }
    }
}

// Of a daemon that is no more, or one's own that was given up.
void SharedEngine::look_at_step() {
    const auto& step = ledger_.large();
    if (!step || !step->is_settled() || taking_ || carrying_) return;
    if (step->owner != me_ && (!leads() || ledger_.members().contains(step->owner))) return;
    carrying_ = true;
    spawn(io_, "large step", [this] { return carry_on(); });
}

Task<void> SharedEngine::carry_on() {
    const auto gateway = gateway_;
    log::info("a large step that was left behind is carried out");
    try {
        co_await carry_out(gateway, options_.prefix, options_.operations);
    } catch (const std::runtime_error& error) {
        log::error("a large step is not carried out, and nothing else is written until it is", {{"reason", error.what()}});
    }
    carrying_ = false;
}

// Nothing can be written while another's large step is under way.
Task<void> SharedEngine::wait_for_step() {
    const Clock::time_point until = Clock::now() + step_patience;
    while (ledger_.large() && standing().known_leader && Clock::now() < until) co_await sleep_for(look_again);
    if (ledger_.large()) {
        const std::string why = standing().known_leader ? "Failed to write: a large step is under way" : std::string(no_leader);
        for (const Pending& pending : std::exchange(queue_, {})) give(pending, {500, why, false});
    }
    next_batch();
}

Task<void> SharedEngine::see(std::int64_t revision, Clock::time_point deadline) {
    while (seen_ < revision && Clock::now() < deadline) co_await sleep_for(look_again);
}

} // namespace gravity::registry
