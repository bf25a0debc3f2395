#include "keys_schedule.hpp"

#include "keys_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>

#include <chrono>
#include <stdexcept>

namespace gravity::issuer {
namespace {

using namespace std::chrono_literals;

constexpr auto look_interval = 2s; // how late a replica may learn of a rotation or revocation

// An event has a project: without one, what is done by schedule is logged only.
pg::Scope scope_of(const Settings& settings) {
    return settings.operator_project ? pg::Scope::project(*settings.operator_project, "auth") : pg::Scope::system("signing keys");
}

void start_signing(Tx& tx, const KeyPolicy& policy, const KeyStep& step) {
    const std::optional<Kid> predecessor = tx.maybe(retire_active, step.alg, step.at + policy.kept);
    tx.exec(activate_key, step.kid, step.at);
    if (!tx.scope().is_system) tx.emit(SigningKeyRotated{step.kid, step.alg, predecessor}, step.kid.str());
    tx.after_commit([kid = step.kid.str()] {
        log::info("another key signs", {{"kid", kid}});
    });
}

void take_step(Tx& tx, const Keyring& keyring, const KeyPolicy& policy, const KeyStep& step) {
    switch (step.kind) {
    case KeyStep::Kind::make: tx.one(insert_key, keyring.fresh(step.alg, step.state, tx.now(), step.at)); return;
    case KeyStep::Kind::activate: start_signing(tx, policy, step); return;
    case KeyStep::Kind::retire: tx.exec(end_retiring, step.kid, step.at); return;
    }
}

} // namespace

KeyPolicy key_policy(const Settings& settings) { return {.rotation = Duration::days(settings.key_rotation_days)}; }

void advance_keys(Tx& tx, Keyring& keyring, const KeyPolicy& policy) {
    std::vector<StoredKey> keys = tx.all(live_keys);
    while (const auto step = due_step(keys, policy, tx.now())) {
        take_step(tx, keyring, policy, *step);
        keys = tx.all(live_keys);
    }
    tx.after_commit([&keyring, keys = std::move(keys), revision = tx.one(keys_revision)] { keyring.load(keys, revision); });
}

KeySchedule::KeySchedule(pg::Database& database, Keyring& keyring, const Settings& settings)
    : database_(database), keyring_(keyring), scope_(scope_of(settings)), policy_(key_policy(settings)) {}

Task<void> KeySchedule::look() {
    std::vector<StoredKey> keys;
    std::int64_t revision = 0;
    pg::Run read;
    read.scope = scope_;
    read.read_only = true;
    read.deadline = std::chrono::steady_clock::now() + 5s;
    std::function<void(Tx&)> reading = [&](Tx& tx) {
        revision = tx.one(keys_revision); // first: what changes in between is read anew next time
        keys = tx.all(live_keys);
    };
    co_await database_.run(std::move(read), std::move(reading));
    if (!keys.empty()) keyring_.load(keys, revision);
    if (!due_step(keys, policy_, now())) co_return;

    pg::Run write;
    write.scope = scope_;
    write.deadline = std::chrono::steady_clock::now() + 15s;
    std::function<void(Tx&)> writing = [this](Tx& tx) {
        if (tx.one(try_lock_keys)) advance_keys(tx, keyring_, policy_);
    };
    co_await database_.run(std::move(write), std::move(writing));
}

Task<void> KeySchedule::run() {
    while (true) {
        std::string damage;
        try {
            co_await look();
        } catch (const Refusal& refusal) { // the store is away: what is in memory stays
            log::debug("signing keys cannot be read", {{"reason", refusal.what()}});
        } catch (const std::runtime_error& error) {
            damage = error.what();
        }
        if (!damage.empty() && damage != damage_) log::error("the signing keys cannot be used", {{"reason", damage}});
        damage_ = damage;
        co_await sleep_for(look_interval);
    }
}

Task<std::optional<std::string>> KeySchedule::probe() {
    std::optional<std::string> reason;
    if (!damage_.empty())
        reason = damage_;
    else if (!keyring_.now())
        reason = "no keys yet";
    co_return reason;
}

} // namespace gravity::issuer
