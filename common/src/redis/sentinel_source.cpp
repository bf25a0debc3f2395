#include "redis/sentinel_source.hpp"

#include "redis/ask_once.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/co_spawn.hpp>

namespace gravity::redis {

namespace asio = boost::asio;

namespace {

/// The Sentinels in turn, for the connection that listens.
class InTurn final : public EndpointSource {
public:
    explicit InTurn(std::vector<Endpoint> all) : all_(std::move(all)) {}
    Task<Endpoint> next() override { co_return all_[position_++ % all_.size()]; }

private:
    std::vector<Endpoint> all_;
    std::size_t position_ = 0;
};

} // namespace

Task<Endpoint> SentinelSource::next() {
    // A copy: two searches may run side by side, and each walks its own list.
    SentinelMachine machine = machine_;
    machine.begin();
    while (auto sentinel = machine.ask()) {
        std::string failure;
        std::vector<Value> replies;
        std::vector<Command> questions = machine.questions();
        try {
            replies = co_await ask_once(io_, settings_, *sentinel, std::move(questions));
        } catch (const Error& error) {
            failure = error.what();
        }
        if (!failure.empty()) {
            machine.failed(failure);
        } else if (auto master = machine.answered(replies)) {
            machine_ = machine;
            co_return *master;
        }
    }
    throw Error(ErrorKind::unavailable, "no master of '" + machine.master() + "': " + machine.why());
}

SentinelWatch::SentinelWatch(asio::io_context& io, LinkSettings settings, SentinelMachine machine,
                             std::function<void(const Endpoint&)> moved)
    : io_(io), master_(machine.master()), moved_(std::move(moved)) {
    auto source = std::make_shared<InTurn>(machine.sentinels());
    search_ = std::make_shared<SentinelSource>(io, settings, std::move(machine));
    loop_ = SubscriberLoop::open(io, std::move(settings), std::move(source), 1000);
}

void SentinelWatch::start() {
    loop_->want({SubscriptionMachine::What::channel, "+switch-master"});
    asio::co_spawn(io_, run(shared_from_this()), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
}

void SentinelWatch::stop() {
    moved_ = nullptr;
    loop_->close();
}

Task<void> SentinelWatch::run(std::shared_ptr<SentinelWatch> self) {
    while (true) {
        std::optional<Endpoint> master;
        try {
            Message message = co_await self->loop_->next(TimePoint::max());
            if (message.kind == Message::Kind::gap) {
                master = co_await self->search_->next();
            } else {
                master = switched_master(message.payload, self->master_);
            }
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::closed) co_return;
            // No Sentinel could say after the gap. The connection in use is still watched by its own failures and by
            // ROLE.
        }
        if (master && self->moved_) self->moved_(*master);
    }
}

} // namespace gravity::redis
