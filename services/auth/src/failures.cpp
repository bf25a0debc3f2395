#include "failures.hpp"

#include "failures_store.hpp"
#include "sessions.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/log/log.hpp>
#include <gravity/metrics/metrics.hpp>
#include <gravity/pg/database.hpp>

#include <chrono>

namespace gravity::issuer {
namespace {

using namespace std::chrono_literals;

constexpr int most_in_a_minute = 100; // of one project, at one replica
constexpr std::size_t most_waiting = 1'000, most_shares = 10'000, longest_detail = 300, longest_path = 200;
const Duration failure_life = Duration::hours(7 * 24);
constexpr auto store_interval = 200ms;

void count_failure(std::string_view outcome) {
    static auto& family = metrics::counter("gravity_auth_failures_total", "Refusals whose reason was kept, or left out", {"outcome"});
    family.with({outcome}).add();
}

void store_all(Tx& tx, const std::vector<StoredFailure>& failures) {
    for (const StoredFailure& failure : failures) tx.exec(insert_failure, failure);
}

} // namespace

std::string trace_of(const Ctx& ctx) { return ctx.traceparent().substr(3, 32); }

Failures::Failures(pg::Database& database, const Settings& settings) : database_(database), operator_(settings.operator_project) {}

bool Failures::within_share(ProjectId project) {
    if (shares_.size() >= most_shares && !shares_.contains(project)) shares_.clear();
    Share& share = shares_[project];
    if (share.until <= now()) share = {now() + Duration::minutes(1), most_in_a_minute};
    if (share.left == 0) return false;
    --share.left;
    return true;
}

void Failures::note(const Ctx& ctx, std::optional<ProjectId> project, FailedCheck check) {
    if (!project) project = operator_;
    if (!project || count_ >= most_waiting || !within_share(*project)) return count_failure("left_out");
    StoredFailure failure;
    static_cast<FailedCheck&>(failure) = std::move(check);
    if (failure.detail && failure.detail->size() > longest_detail) failure.detail.reset();
    failure.id = FailureId(Uuid::v7());
    failure.trace_id = trace_of(ctx);
    failure.at = now();
    failure.endpoint = ctx.request().method_text + " " + ctx.request().path.substr(0, longest_path);
    failure.network = address_of(ctx).network();
    failure.expires_at = failure.at + failure_life;
    waiting_[*project].push_back(std::move(failure));
    ++count_;
}

Task<void> Failures::store(ProjectId project, std::vector<StoredFailure> failures) {
    pg::Run run;
    run.scope = pg::Scope::project(project, "auth failures");
    run.deadline = std::chrono::steady_clock::now() + 5s;
    std::function<void(Tx&)> work = [&](Tx& tx) { store_all(tx, failures); };
    bool kept = false;
    try {
        co_await database_.run(std::move(run), std::move(work));
        kept = true;
    } catch (const std::exception& error) { // the store is away, most likely: why somebody was refused meanwhile is not known
        log::warn("reasons of refusals are not stored", {{"reason", error.what()}});
    }
    for (std::size_t i = 0; i < failures.size(); ++i) count_failure(kept ? "kept" : "left_out");
}

Task<void> Failures::run() {
    while (true) {
        auto waiting = std::exchange(waiting_, {});
        count_ = 0;
        for (auto& [project, failures] : waiting) co_await store(project, std::move(failures));
        co_await sleep_for(store_interval);
    }
}

} // namespace gravity::issuer
