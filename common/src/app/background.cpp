#include "app/background.hpp"

#include "jobs/cleanup.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/redis/client.hpp>

namespace gravity::app {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<redis::Client> connect(boost::asio::io_context& io, const Definition& definition, const PlatformSettings& settings) {
    if (!settings.events_url) return nullptr;
    redis::Options options;
    options.client_name = "gravity-" + definition.name;
    return std::make_shared<redis::Client>(io, settings.events_url->reveal(), options);
}

jobs::RunnerOptions runner_options(const Definition& definition) {
    jobs::RunnerOptions options;
    if (definition.jobs.empty()) options.poll = 60s; // the platform's own work can wait
    options.schedules = definition.schedules;
    options.schedules.push_back(jobs::cleanup_schedule(definition.name));
    return options;
}

} // namespace

Background::Background(boost::asio::io_context& io, const Definition& definition, const PlatformSettings& settings, Resources& resources)
    : io_(io), definition_(definition), settings_(settings), resources_(resources) {}

Background::~Background() = default;

void Background::attach(pg::Database& database) {
    std::vector<jobs::Function> functions = definition_.jobs;
    functions.push_back(jobs::cleanup_function());
    runner_ = std::make_unique<jobs::Runner>(io_, database, resources_, std::move(functions), runner_options(definition_));
    redis_ = connect(io_, definition_, settings_);
    if (!redis_) return;
    relay_ = std::make_unique<events::Relay>(io_, database, redis_, definition_.name);
    if (definition_.consumers.empty()) return;
    consumers_ = std::make_shared<events::Consumers>(io_, database, redis_, definition_.name, definition_.consumers);
    resources_.put(consumers_);
}

void Background::written(pg::Written what) {
    if (what.jobs) runner_->wake();
    if (!what.events) return;
    emitted_ = true;
    if (relay_) relay_->wake();
}

void Background::start(Health& health) {
    runner_->start();
    if (relay_) relay_->start();
    if (consumers_) consumers_->start();
    health.add("events", Health::Kind::optional, [this] { return problem(); });
}

Task<std::optional<std::string>> Background::problem() const {
    std::optional<std::string> why;
    if (!redis_ && !definition_.consumers.empty())
        why = "no events are received: EVENTS_URL is not set";
    else if (!redis_ && emitted_)
        why = "events wait in the outbox: EVENTS_URL is not set";
    if (relay_) why = relay_->problem();
    if (!why && consumers_) why = consumers_->problem();
    co_return why;
}

Task<void> Background::drain(std::chrono::steady_clock::time_point deadline) {
    if (consumers_) co_await consumers_->drain(deadline);
    co_await runner_->drain(deadline);
}

Task<void> Background::publish_rest(std::chrono::steady_clock::time_point deadline) {
    if (relay_) co_await relay_->drain(deadline);
}

} // namespace gravity::app
