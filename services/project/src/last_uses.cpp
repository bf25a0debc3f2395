#include "last_uses.hpp"

#include "api_keys_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>

namespace gravity::project {
namespace {

constexpr std::chrono::seconds between_writes{2};

void write_uses(Tx& tx, const std::vector<ApiKeyId>& keys, const std::vector<Timestamp>& times) {
    tx.exec(note_last_uses, keys, times);
    for (const ApiKey& old : tx.all(find_old_uses, keys, times)) {
        const std::vector<std::string> tell = tx.all(who_hears_of_key, old.project_id, old.created_by);
        tx.emit(ApiKeyUsedInGrace{old.id, old.project_id, old.env, *old.grace_until, old.name.str(), tell});
    }
}

} // namespace

void LastUses::note(const ProjectId& home, const ApiKeyId& key, Timestamp at) {
    if (count_ >= most) return;
    if (noted_[home].insert_or_assign(key, at).second) ++count_;
}

Task<void> LastUses::write() {
    std::map<ProjectId, Uses> noted;
    noted.swap(noted_);
    count_ = 0;
    for (const auto& [home, uses] : noted) {
        std::vector<ApiKeyId> keys;
        std::vector<Timestamp> times;
        for (const auto& [key, at] : uses) { // in the order of their ids: whoever writes beside waits, and not in a ring
            keys.push_back(key);
            times.push_back(at);
        }
        pg::Run run;
        run.scope = pg::Scope::project(home, "service:project");
        std::function<void(Tx&)> work = [&](Tx& tx) { write_uses(tx, keys, times); };
        bool away = false;
        try {
            co_await database_.run(std::move(run), std::move(work));
        } catch (const Refusal& refusal) {
            log::warn("last uses of API keys are not written", {{"reason", refusal.what()}});
            away = true;
        }
        if (away)
            for (const auto& [key, at] : uses) note(home, key, at);
    }
}

Task<void> LastUses::run() {
    for (;;) {
        co_await sleep_for(between_writes);
        co_await write();
    }
}

} // namespace gravity::project
