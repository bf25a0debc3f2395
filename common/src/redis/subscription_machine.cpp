#include "redis/subscription_machine.hpp"

#include "redis/codec.hpp"

namespace gravity::redis {

std::string SubscriptionMachine::ask(Ask what, const Topic& topic) {
    bool pattern = topic.first == What::pattern;
    std::string wire;
    // One name in each command: a refusal (NOPERM) is one reply to the command and could not be told apart otherwise.
    if (what == Ask::subscribe) append_command(wire, Command{pattern ? "PSUBSCRIBE" : "SUBSCRIBE", topic.second});
    if (what == Ask::unsubscribe) append_command(wire, Command{pattern ? "PUNSUBSCRIBE" : "UNSUBSCRIBE", topic.second});
    if (what == Ask::ping) append_command(wire, Command{"PING"});
    asked_.push_back({what, topic});
    return wire;
}

std::string SubscriptionMachine::want(Topic topic) {
    auto [at, fresh] = topics_.try_emplace(std::move(topic), State::wanted);
    if (!connected_ || at->second != State::wanted) return {};
    at->second = State::asked;
    return ask(Ask::subscribe, at->first);
}

std::string SubscriptionMachine::forget(const Topic& topic) {
    if (topics_.erase(topic) == 0 || !connected_) return {};
    return ask(Ask::unsubscribe, topic);
}

bool SubscriptionMachine::is_confirmed(const Topic& topic) const {
    auto at = topics_.find(topic);
    return at != topics_.end() && at->second == State::confirmed;
}

std::string SubscriptionMachine::connected() {
    connected_ = true;
    asked_.clear();
    std::string wire;
    for (auto& [topic, state] : topics_) {
        state = State::asked;
        wire += ask(Ask::subscribe, topic);
    }
    return wire;
}

void SubscriptionMachine::disconnected() {
    connected_ = false;
    asked_.clear();
    for (auto& [topic, state] : topics_) state = State::wanted;
}

std::string SubscriptionMachine::probe() { return ask(Ask::ping, {}); }

SubscriptionMachine::Action SubscriptionMachine::answered(Ask what, const Topic& topic) {
    if (asked_.empty() || asked_.front().ask != what || (what != Ask::ping && asked_.front().topic != topic))
        throw Error(ErrorKind::protocol, "a subscription was answered that was not asked for");
    asked_.pop_front();
    Action action;
    if (what != Ask::subscribe) return action;
    auto at = topics_.find(topic);
    // Asked for, dropped and asked for again before the first answer: only the last answer counts.
    bool asked_again = false;
    for (const auto& later : asked_) asked_again = asked_again || (later.ask != Ask::ping && later.topic == topic);
    if (at == topics_.end() || asked_again) return action;
    at->second = State::confirmed;
    action.kind = Action::Kind::confirmed;
    action.topic = topic;
    return action;
}

SubscriptionMachine::Action SubscriptionMachine::reply(Value value) {
    if (value.is_error()) {
        if (asked_.empty()) throw Error(ErrorKind::protocol, "the server spoke unasked: " + value.text);
        Asked asked = std::move(asked_.front());
        asked_.pop_front();
        Action action;
        if (asked.ask != Ask::subscribe) return action;
        topics_.erase(asked.topic);
        action.kind = Action::Kind::refused;
        action.topic = std::move(asked.topic);
        action.why = std::move(value.text);
        return action;
    }
    if (value.is_status("PONG"))
        return answered(Ask::ping, {}); // with no subscription the connection is an ordinary one
    auto& parts = value.elements;
    const std::string kind = value.kind == ValueKind::array && !parts.empty() ? parts[0].text : std::string();
    auto named = [&](What what) { return Topic{what, parts.size() > 1 ? parts[1].text : std::string()}; };
    if (kind == "message" && parts.size() == 3) {
        Action action{Action::Kind::message, {}, {}, {}};
        action.message.channel = std::move(parts[1].text);
        action.message.payload = std::move(parts[2].text);
        return action;
    }
    if (kind == "pmessage" && parts.size() == 4) {
        Action action{Action::Kind::message, {}, {}, {}};
        action.message.pattern = std::move(parts[1].text);
        action.message.channel = std::move(parts[2].text);
        action.message.payload = std::move(parts[3].text);
        return action;
    }
    if (kind == "subscribe") return answered(Ask::subscribe, named(What::channel));
    if (kind == "psubscribe") return answered(Ask::subscribe, named(What::pattern));
    if (kind == "unsubscribe") return answered(Ask::unsubscribe, named(What::channel));
    if (kind == "punsubscribe") return answered(Ask::unsubscribe, named(What::pattern));
    if (kind == "pong") return answered(Ask::ping, {});
    throw Error(ErrorKind::protocol, "a subscriber was sent something else than a message");
}

} // namespace gravity::redis
