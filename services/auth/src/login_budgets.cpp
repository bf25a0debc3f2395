#include "login_budgets.hpp"

#include "failures.hpp"
#include "login_budgets_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/log/log.hpp>
#include <gravity/redis/client.hpp>

#include <algorithm>
#include <chrono>

namespace gravity::issuer {
namespace {

// Of a key that is used up nothing is taken: the time it ends at stays as it is.
const redis::Script take_script(R"lua(
    local used = redis.call('INCR', KEYS[1])
    if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
    if used <= tonumber(ARGV[1]) then return 0 end
    redis.call('DECR', KEYS[1])
    return math.max(1, redis.call('PTTL', KEYS[1]))
)lua");
const redis::Script give_back_script(R"lua(
    if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
    return 0
)lua");

constexpr std::chrono::milliseconds redis_patience{250};

Refusal used_up(const Problem& problem, std::int64_t milliseconds) {
    return Refusal(problem).with_header("Retry-After", std::to_string(std::max<std::int64_t>(1, (milliseconds + 999) / 1000)));
}

void use(Tx& tx, const std::string& key, int limit, const Problem& problem, Duration window) {
    const BudgetUsed budget = tx.one(use_budget, key, tx.now(), tx.now() + window);
    if (budget.used > limit) throw used_up(problem, (budget.ends_at - tx.now()).count_ms());
}

// The network's row first, always: whoever waits for a row holds none that the other wants.
void use_both(Tx& tx, LoginBudgets::Keys keys, Duration window) {
    use(tx, keys.network, keys.network_limit, keys.refusal, window);
    use(tx, keys.account, keys.account_limit, keys.refusal, window);
}

void give_both_back(Tx& tx, LoginBudgets::Keys keys) {
    tx.exec(give_budget_back, keys.network);
    tx.exec(give_budget_back, keys.account);
}

} // namespace

LoginBudgets::LoginBudgets(redis::Client* redis, const auth::MasterKeys& keys, const Settings& settings)
    : redis_(redis),
      authenticator_(keys.authenticator("login budgets")),
      account_limit_(settings.login_attempts),
      network_limit_(settings.login_network_attempts),
      flows_per_network_(settings.flows_per_network),
      flows_per_project_(settings.flows_per_project),
      window_(Duration::seconds(settings.login_window_seconds)) {}

LoginBudgets::Keys LoginBudgets::keys_of(ProjectId project, std::string_view name, const IpAddress& address) const {
    const std::string network = project.to_string() + " " + address.network();
    return {authenticator_.sign({}, network), authenticator_.sign({}, network + " " + std::string(name)), network_limit_, account_limit_};
}

LoginBudgets::Keys LoginBudgets::keys_of_codes(ProjectId project, std::string_view identity, const IpAddress& address) const {
    const std::string of_project = project.to_string() + " ";
    return {authenticator_.sign({}, of_project + address.network()), authenticator_.sign({}, of_project + "codes of " + std::string(identity)), network_limit_,
            account_limit_};
}

LoginBudgets::Keys LoginBudgets::keys_of_flows(ProjectId project, const IpAddress& address) const {
    const std::string flows = "flows of " + project.to_string();
    return {authenticator_.sign({}, flows + " from " + address.network()), authenticator_.sign({}, flows), flows_per_network_, flows_per_project_,
            too_many_flows};
}

LoginBudgets::Keys LoginBudgets::keys_of_device(ProjectId project, const TrustedDevice& device, std::string_view what) const {
    const std::string tried = project.to_string() + " trusted " + std::string(what) + " ";
    return {authenticator_.sign({}, tried + "of " + device.identity_id.to_string()), authenticator_.sign({}, tried + "by " + device.id.to_string()),
            network_limit_, account_limit_};
}

LoginBudgets::Keys LoginBudgets::keys_of_flows_by(ProjectId project, TrustedDeviceId device) const {
    const std::string flows = "trusted flows of " + project.to_string();
    return {authenticator_.sign({}, flows + " by " + device.to_string()), authenticator_.sign({}, flows), flows_per_network_, flows_per_project_,
            too_many_flows};
}

void LoginBudgets::note(bool away, std::string_view reason) {
    if (away && !away_) log::warn("failed sign-ins are counted in the database", {{"reason", reason}});
    if (!away && away_) log::info("failed sign-ins are counted in Redis again");
    away_ = away;
}

Task<std::optional<std::int64_t>> LoginBudgets::asked(Ctx& ctx, const redis::Script& script, std::string key, int limit) {
    std::optional<std::int64_t> answer;
    if (!redis_->connected()) {
        note(true, redis_->last_error());
        co_return answer;
    }
    redis::Client client = redis_->in_trace(ctx.traceparent());
    std::vector<std::string> keys{"auth:login:" + key}, args{std::to_string(limit), std::to_string(window_.count_ms())};
    const auto deadline = std::min(ctx.deadline(), std::chrono::steady_clock::now() + redis_patience);
    try {
        const redis::Value value = co_await client.eval(script, std::move(keys), std::move(args), deadline);
        answer = value.as_integer();
    } catch (const redis::Error& error) {
        note(true, error.what());
    }
    if (answer) note(false, {});
    co_return answer;
}

Task<bool> LoginBudgets::taken_in_redis(Ctx& ctx, Keys keys) {
    const auto network_wait = co_await asked(ctx, take_script, keys.network, keys.network_limit);
    if (!network_wait) co_return false;
    if (*network_wait > 0) throw used_up(keys.refusal, *network_wait);
    const auto account_wait = co_await asked(ctx, take_script, keys.account, keys.account_limit);
    if (!account_wait) co_return false;
    if (*account_wait == 0) co_return true;
    co_await asked(ctx, give_back_script, keys.network);
    throw used_up(keys.refusal, *account_wait);
}

Task<bool> LoginBudgets::given_back_in_redis(Ctx& ctx, Keys keys) {
    const auto network = co_await asked(ctx, give_back_script, keys.network);
    const auto account = co_await asked(ctx, give_back_script, keys.account);
    co_return network&& account;
}

Task<void> LoginBudgets::count(Ctx& ctx, pg::Scope scope, Keys keys) {
    if (redis_ != nullptr) {
        const bool taken = co_await taken_in_redis(ctx, keys);
        if (taken) co_return;
    }
    co_await ctx.in_scope(std::move(scope), use_both, std::move(keys), window_);
}

Task<void> LoginBudgets::take(Ctx& ctx, pg::Scope scope, Keys keys) {
    const ProjectId project = scope.project_id;
    try {
        co_await count(ctx, std::move(scope), std::move(keys));
    } catch (const Refusal& refusal) {
        if (refusal.problem().status == too_many_attempts.status) ctx.get<Failures>().note(ctx, project, {std::string(refusal.problem().slug), {}, {}, {}});
        throw;
    }
}

Task<void> LoginBudgets::give_back(Ctx& ctx, pg::Scope scope, Keys keys) {
    if (redis_ != nullptr) {
        const bool given = co_await given_back_in_redis(ctx, keys);
        if (given) co_return;
    }
    co_await ctx.in_scope(std::move(scope), give_both_back, std::move(keys));
}

} // namespace gravity::issuer
