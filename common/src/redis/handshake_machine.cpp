#include "redis/handshake_machine.hpp"

#include "redis/codec.hpp"

namespace gravity::redis {

HandshakeMachine::HandshakeMachine(HandshakeSettings settings) {
    auto say = [this](Step step, const Command& command) {
        append_command(wire_, command);
        steps_.push_back(step);
    };
    const auto& login = settings.credentials;
    if (!login.empty())
        say(Step::auth,
            login.user.empty() ? Command{"AUTH", login.password} : Command{"AUTH", login.user, login.password});
    if (!settings.client_name.empty()) say(Step::set_name, Command{"CLIENT", "SETNAME", settings.client_name});
    if (settings.db != 0 && !settings.is_sentinel) say(Step::select, Command{"SELECT", settings.db});
    if (settings.require_master) say(Step::role, Command{"ROLE"});
    say(Step::ping, Command{"PING"});
}

HandshakeMachine::Status HandshakeMachine::fail(std::string why) {
    why_ = std::move(why);
    steps_.clear();
    return Status::failed;
}

HandshakeMachine::Status HandshakeMachine::reply(const Value& value) {
    if (steps_.empty()) return fail("the server spoke unasked");
    Step step = steps_.front();
    steps_.pop_front();
    switch (step) {
    case Step::auth:
        if (value.is_error()) return fail("log-in refused: " + value.text);
        break;
    case Step::set_name:
        // Only a name for the operator's CLIENT LIST; a server that reserves the command to others is as good. A server
        // that is about to hang up (too many clients) answers here too, and the missing replies say so.
        if (value.is_error() && value.error_code() != "NOPERM") return fail("refused: " + value.text);
        break;
    case Step::select:
        if (value.is_error()) return fail("database refused: " + value.text);
        break;
    case Step::role:
        if (value.is_error()) return fail("role not told: " + value.text);
        if (value.kind != ValueKind::array || value.elements.empty() || value.elements.front().text != "master")
            return fail("the server is not a master");
        break;
    case Step::ping:
        if (value.is_error() && value.error_code() != "NOPERM") return fail("not ready: " + value.text);
        break;
    }
    return steps_.empty() ? Status::ready : Status::more;
}

} // namespace gravity::redis
