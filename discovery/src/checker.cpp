#include "checker.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace gravity::registry {
namespace {

bool is_ours(const Check* check) {
    if (check == nullptr || !check->run_here) return false;
    const CheckType type = check->definition.type;
    return type != CheckType::none && type != CheckType::ttl && type != CheckType::alias; // those look at nothing
}

// So that checks registered together are not probed together.
std::int64_t random_below(std::int64_t bound) {
    std::uint64_t random = 0;
    fill_random(&random, sizeof random);
    return bound <= 0 ? 0 : static_cast<std::int64_t>(random % static_cast<std::uint64_t>(bound));
}

std::chrono::microseconds real(std::int64_t us) { return std::chrono::microseconds(clock::real(Duration::microseconds(us)).count_us()); }

} // namespace

struct Checker::Job {
    Job(boost::asio::io_context& io, const Check& check) : node(check.node), id(check.id), definition(check.definition), timer(io) {}
    std::string node, id;
    CheckDefinition definition;
    boost::asio::steady_timer timer;
    bool stopped = false;

    void stop() {
        stopped = true;
        timer.cancel();
    }
};

struct Checker::Shared {
    Shared(boost::asio::io_context& context, Engine& e, Scripts scripts) : io(context), engine(e), prober(context, scripts) {}
    boost::asio::io_context& io;
    Engine& engine;
    Prober prober;
};

Checker::Checker(boost::asio::io_context& io, Engine& engine, Scripts scripts) : shared_(std::make_shared<Shared>(io, engine, scripts)) {}
Checker::~Checker() { stop(); }

void Checker::on_change(const ChangeOf<Check>& change) {
    const auto known = jobs_.find(change.key);
    const bool wanted = is_ours(change.after.get()) && shared_->engine.runs(*change.after);
    if (known != jobs_.end()) {
        if (wanted && known->second->definition == change.after->definition) return;
        known->second->stop();
        jobs_.erase(known);
    }
    if (wanted) begin(*change.after);
}

void Checker::review() {
    for (const auto& [key, check] : shared_->engine.model().table<Check>()) on_change({key, check, check->modify_index});
}

void Checker::begin(const Check& check) {
    auto job = std::make_shared<Job>(shared_->io, check);
    jobs_[key_of(check.node, check.id)] = job;
    spawn(shared_->io, "check", [shared = shared_, job] { return work(shared, job); });
}

void Checker::stop() {
    for (auto& [key, job] : jobs_) job->stop();
    jobs_.clear();
}

Task<void> Checker::work(std::shared_ptr<Shared> shared, std::shared_ptr<Job> job) {
    const auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    CheckMachine machine(job->definition);
    job->timer.expires_after(real(random_below(job->definition.interval_us)));
    while (!job->stopped) {
        co_await job->timer.async_wait(token);
        if (job->stopped) co_return;
        const CheckDefinition definition = job->definition;
        ProbeResult seen = co_await shared->prober.probe(definition);
        if (job->stopped) co_return;
        const Check* current = shared->engine.model().find<Check>(key_of(job->node, job->id));
        if (current != nullptr) {
            auto write = machine.next(std::move(seen), *current, steady_now().count_us());
            if (write) {
                UpdateCheck update{job->node, job->id, write->status, std::move(write->output), definition};
                Command command(std::move(update));
                shared->engine.post(std::move(command), Authority::runner, [job] { return !job->stopped; });
            }
        }
        job->timer.expires_after(real(job->definition.interval_us));
    }
}

} // namespace gravity::registry
