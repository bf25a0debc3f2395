#include "shared_limits.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>
#include <gravity/redis/client.hpp>
#include <gravity/redis/error.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <utility>

namespace gravity::gateway {
namespace {

using namespace std::chrono_literals;
using resilience::RateDecision;

constexpr auto recovery = 1s; // before a store that did not answer is asked again
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

/// GCRA as resilience/rate_limiter.hpp has it, of several requests at once: the number is the theoretical arrival time in microseconds since 2025, so that a
/// double has fractions of them for decades. Answers how many are granted and how many more would be, microseconds until the next one, and until all.
const redis::Script take_script(R"lua(
local time = redis.call('TIME')
local now = (time[1] - 1735689600) * 1000000 + time[2]
local interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local fit = math.max(math.floor((now + burst * interval - arrival) / interval + 0.000001), 0)
local granted = math.min(fit, wanted)
if granted > 0 then
    arrival = arrival + granted * interval
    redis.call('SET', KEYS[1], string.format('%.17g', arrival), 'PX', math.ceil((arrival - now) / 1000) + 1)
end
local wait = 0
if granted < wanted then wait = math.max(math.ceil(arrival + interval - burst * interval - now), 1) end
return {granted, fit - granted, wait, math.ceil(arrival - now)}
)lua");

redis::Options redis_options() {
    redis::Options options;
    options.client_name = "gravity-gateway-limits";
    return options;
}

/// Throws redis::Error for another reply than the script gives.
RateGrant grant_of(const redis::Value& reply) {
    const auto& parts = reply.as_array();
    const auto number = [&](std::size_t at) { return at < parts.size() ? std::max<std::int64_t>(parts[at].as_integer(), 0) : 0; };
    const auto count = [&](std::size_t at) { return static_cast<std::uint64_t>(number(at)); };
    return {count(0), count(1), std::chrono::microseconds(number(2)), std::chrono::microseconds(number(3))};
}

} // namespace

SharedLimits::SharedLimits(Ask ask)
    : ask_(std::move(ask)),
      failed_at_(never),
      questions_(metrics::counter("gravity_gateway_shared_limit_questions_total", "Questions to the store of limits that gateways share").with({})),
      failures_(metrics::counter("gravity_gateway_shared_limit_failures_total", "Those that were not answered in time").with({})) {}

bool SharedLimits::working(Moment now) const {
    const std::int64_t at = failed_at_.load(std::memory_order_relaxed);
    return at == never || now - Moment(Moment::duration(at)) >= recovery;
}

std::optional<RateDecision> SharedLimits::denied(const std::string& caller, Moment now) {
    Shard& shard = shard_of(caller);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.callers.find(caller);
    if (found == shard.callers.end() || now >= found->second.wait_until) return std::nullopt;
    return RateDecision{false, 0, found->second.wait_until - now, found->second.reset_at - now};
}

void SharedLimits::take(const std::string& caller, Waiter waiter) {
    {
        Shard& shard = shard_of(caller);
        const std::lock_guard lock(shard.mutex);
        Caller& known = shard.callers[caller];
        if (!known.asked.empty()) return known.next.push_back(std::move(waiter));
        known.asked.push_back(std::move(waiter));
    }
    questions_.add();
    ask_(caller, 1);
}

/// What is known of a caller is forgotten when he need not wait, or when too many have to.
void SharedLimits::forget_idle(Shard& shard, Moment now) {
    std::erase_if(shard.callers, [now](const auto& each) { return each.second.asked.empty() && now >= each.second.wait_until; });
    for (auto at = shard.callers.begin(); shard.callers.size() > most_waiting && at != shard.callers.end();)
        at = at->second.asked.empty() ? shard.callers.erase(at) : std::next(at);
}

void SharedLimits::landed(const std::string& caller, std::optional<RateGrant> grant, Moment now) {
    if (!grant) {
        failures_.add();
        failed_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    }
    std::vector<Waiter> waiters;
    std::size_t wanted = 0;
    {
        Shard& shard = shard_of(caller);
        const std::lock_guard lock(shard.mutex);
        Caller& known = shard.callers[caller];
        waiters = std::exchange(known.asked, {});
        const bool must_wait = grant && grant->granted < waiters.size();
        if (must_wait) {
            known.wait_until = now + grant->retry_after;
            known.reset_at = now + grant->reset_after;
        }
        // Whoever came meanwhile is asked about; what was found of him is found of them, if it is that he has to wait, or that nobody can be asked.
        if (!grant || must_wait) {
            waiters.insert(waiters.end(), std::make_move_iterator(known.next.begin()), std::make_move_iterator(known.next.end()));
            known.next.clear();
        }
        known.asked = std::exchange(known.next, {});
        wanted = known.asked.size();
        if (wanted == 0 && !must_wait) shard.callers.erase(caller);
        else if (shard.callers.size() > most_waiting) forget_idle(shard, now);
    }
    for (std::size_t i = 0; i < waiters.size(); ++i) {
        if (!grant) waiters[i](std::nullopt);
        else if (i < grant->granted) waiters[i](RateDecision{true, grant->remaining + grant->granted - i - 1, {}, grant->reset_after});
        else waiters[i](RateDecision{false, 0, grant->retry_after, grant->reset_after});
    }
    if (wanted == 0) return;
    questions_.add();
    ask_(caller, wanted);
}

RateStore::RateStore(boost::asio::io_context& io, std::string_view url, std::uint32_t per_second, std::uint32_t burst)
    : io_(io), client_(std::make_unique<redis::Client>(io, url, redis_options())), burst_(std::to_string(burst)) {
    if (per_second == 0 || burst == 0) throw std::invalid_argument("a limit that is shared needs a rate and a burst");
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", 1e6 / per_second);
    interval_ = text;
}

RateStore::~RateStore() = default;

std::optional<std::string> RateStore::problem() const { return client_->connected() ? std::nullopt : std::optional(client_->last_error()); }

void RateStore::ask(SharedLimits& limits, std::string caller, std::uint64_t wanted) {
    boost::asio::post(io_, [self = shared_from_this(), &limits, caller = std::move(caller), wanted] {
        spawn(self->io_, "shared-limit", [self, &limits, caller, wanted] { return run(self, limits, caller, wanted); });
    });
}

Task<void> RateStore::run(std::shared_ptr<RateStore> self, SharedLimits& limits, std::string caller, std::uint64_t wanted) {
    std::optional<RateGrant> grant;
    try {
        std::vector<std::string> keys{caller}, args{self->interval_, self->burst_, std::to_string(wanted)};
        const auto deadline = std::chrono::steady_clock::now() + patience;
        const redis::Value reply = co_await self->client_->eval(take_script, std::move(keys), std::move(args), deadline);
        grant = grant_of(reply);
    } catch (const redis::Error& error) {
        log::warn("the store of shared limits does not answer", {{"reason", error.what()}});
    }
    limits.landed(caller, grant, std::chrono::steady_clock::now());
}

} // namespace gravity::gateway
