#include "redis/backend.hpp"
#include "redis/command_rules.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/redis/client.hpp>
#include <gravity/trace/span.hpp>

namespace gravity::redis {

namespace {

// One call as a span, by OpenTelemetry's semantic conventions for Redis. Keys and arguments are data, and are not told.
class Traced {
public:
    Traced(const std::optional<trace::Context>& parent, std::string_view operation, std::size_t commands) {
        if (!parent || !parent->sampled) return;
        span_.emplace(operation, trace::Kind::client, *parent);
        span_->set("db.system.name", "redis");
        span_->set("db.operation.name", operation);
        if (commands > 1) span_->set("db.operation.batch.size", commands);
    }
    /// The replies of the call; what failed, or the first reply that is an error, is what the span failed with.
    std::vector<Value> replies_of(Outcome outcome) {
        if (span_ && outcome.failure) fail(to_string(outcome.failure->kind));
        if (span_)
            for (const Value& reply : outcome.replies)
                if (reply.is_error()) {
                    fail(reply.error_code());
                    break;
                }
        return std::move(outcome).or_throw();
    }

private:
    void fail(std::string_view type) {
        span_->set("error.type", type);
        span_->fail(type);
    }
    std::optional<trace::Span> span_;
};

void refuse_unfit(const std::vector<Command>& commands) {
    if (commands.empty()) throw Error(ErrorKind::usage, "no command given");
    for (const auto& command : commands)
        if (auto why = refusal_on_shared(command)) throw Error(ErrorKind::usage, *why);
}

Call make_call(Call::Kind kind, std::vector<Command> commands, std::optional<TimePoint> deadline,
               const Options& options) {
    refuse_unfit(commands);
    return {kind, std::move(commands), deadline.value_or(std::chrono::steady_clock::now() + options.timeout)};
}

} // namespace

Client::Client(boost::asio::io_context& io, std::string_view url, Options options)
    : Client(io, Url::parse(url), std::move(options)) {}

Client::Client(boost::asio::io_context& io, Url url, Options options)
    : backend_(make_backend(io, std::move(url), std::move(options))) {}

Client::Client(std::shared_ptr<Backend> backend, std::optional<trace::Context> parent)
    : backend_(std::move(backend)), parent_(std::move(parent)), guest_(true) {}

Client::~Client() {
    if (!guest_) close();
}

Client Client::in_trace(std::string_view traceparent) const { return {backend_, trace::parse_traceparent(traceparent)}; }

void Client::close() { backend_->close(); }
bool Client::connected() const { return backend_->connected(); }
std::string Client::last_error() const { return backend_->last_error(); }
Stats Client::stats() const { return backend_->stats(); }
const Url& Client::url() const { return backend_->url(); }
const Options& Client::options() const { return backend_->options(); }

Task<Value> Client::command(Command command, std::optional<TimePoint> deadline) {
    std::vector<Command> commands;
    commands.push_back(std::move(command));
    Call call = make_call(Call::Kind::independent, std::move(commands), deadline, options());
    Traced traced(parent_, call.commands.front().args().front(), 1);
    Outcome outcome = co_await backend_->call(std::move(call));
    auto replies = traced.replies_of(std::move(outcome));
    co_return std::move(replies.at(0)).or_throw();
}

Task<std::vector<Value>> Client::pipeline(std::vector<Command> commands, std::optional<TimePoint> deadline) {
    Call call = make_call(Call::Kind::independent, std::move(commands), deadline, options());
    Traced traced(parent_, "PIPELINE", call.commands.size());
    Outcome outcome = co_await backend_->call(std::move(call));
    co_return traced.replies_of(std::move(outcome));
}

Task<std::vector<Value>> Client::transaction(std::vector<Command> commands, std::optional<TimePoint> deadline) {
    Call call = make_call(Call::Kind::transaction, std::move(commands), deadline, options());
    Traced traced(parent_, "MULTI", call.commands.size());
    Outcome outcome = co_await backend_->call(std::move(call));
    auto replies = traced.replies_of(std::move(outcome));
    // A refused command says why; EXEC after it only says that something was refused.
    for (std::size_t i = 0; i + 1 < replies.size(); ++i) {
        Value reply = std::move(replies[i]).or_throw();
        if (i > 0 && !reply.is_status("QUEUED"))
            throw Error(ErrorKind::protocol, "a command of a transaction was not queued");
    }
    co_return std::move(replies.back()).as_array();
}

Task<Value> Client::eval(const Script& script, std::vector<std::string> keys, std::vector<std::string> args,
                         std::optional<TimePoint> deadline) {
    const TimePoint until = deadline.value_or(std::chrono::steady_clock::now() + options().timeout);
    auto backend = backend_;
    const std::string text = script.text(); // the script may be gone by the second try
    auto build = [&](std::string_view name, std::string_view body) {
        Command command{name, body, keys.size()};
        command.add_all(keys).add_all(args);
        std::vector<Command> commands;
        commands.push_back(std::move(command));
        return Call{Call::Kind::independent, std::move(commands), until};
    };
    Traced traced(parent_, "EVALSHA", 1);
    Call by_name = build("EVALSHA", script.sha1());
    Outcome outcome = co_await backend->call(std::move(by_name));
    // NOSCRIPT comes before anything of the script ran, so the second try is the first execution.
    if (!outcome.failure && outcome.replies.at(0).error_code() == "NOSCRIPT") {
        Call by_text = build("EVAL", text);
        outcome = co_await backend->call(std::move(by_text));
    }
    auto replies = traced.replies_of(std::move(outcome));
    co_return std::move(replies.at(0)).or_throw();
}

} // namespace gravity::redis
