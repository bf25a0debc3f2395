#include "watch_api.hpp"

#include "effective.hpp"

#include <gravity/async/coroutine.hpp>

#include <charconv>

namespace gravity::config::watches {
namespace {

constexpr std::uint16_t policy_violation = 1008; // RFC 6455 section 7.4.1
constexpr std::size_t longest_reason = 120;      // bytes; a close frame takes 123

std::optional<std::string> name_of(const Attending* attending) { return attending == nullptr ? std::nullopt : std::optional(attending->name()); }

/// Who comes back from another server may have what this one has yet to hear of: it is told nothing until then, and never led back. Once this server was as
/// far, a smaller version is another beginning: everything of the project was removed.
class CatchingUp {
public:
    bool behind(const Snapshot& current, const std::shared_ptr<const Snapshot>& had) {
        if (!caught_up_ && had && current.version < had->version) return true;
        caught_up_ = true;
        return false;
    }

private:
    bool caught_up_ = false;
};

/// Tells a WebSocket what has changed, while it acknowledges what it was told.
class SocketFollower final : public Follower {
public:
    /// `attending`: null where the client has not said who it is.
    SocketFollower(WebSocket& socket, std::shared_ptr<Topic> topic, std::shared_ptr<const Snapshot> had, const Attending* attending)
        : socket_(socket), has_(std::move(had)), attending_(attending), instance_(name_of(attending)), seat_(std::move(topic), *this) {
        if (has_ && attending_ != nullptr) attending_->note({has_->version, InstanceStatus::applied, {}, has_->releases}); // it came with it
    }

    void changed() override {
        const auto current = seat_.topic().current(instance_);
        if (!current || catching_up_.behind(*current, has_) || current == has_ || !window_.open()) return;
        const bool follows = has_ && has_->version <= current->version;
        if (follows && has_->version == current->version) {
            has_ = current;
            return;
        }
        std::string frame = follows ? "{\"change\":" + seat_.topic().change(has_, current) : "{\"snapshot\":" + snapshot_document(*current).dump();
        frame += '}';
        has_ = current;
        window_.sent(current->version, frame.size());
        socket_.send(frame);
        if (attending_ == nullptr) return;
        told_.push_back({current->version, current->releases});
        attending_->note({current->version, InstanceStatus::told, {}, current->releases});
    }
    void acknowledged(const Ack& ack) {
        const std::int64_t version = ack.ack.value();
        window_.acknowledged(version);
        while (!told_.empty() && told_.front().version < version) told_.erase(told_.begin());
        if (!told_.empty() && told_.front().version == version) {
            const InstanceStatus status = *ack.status == AckStatus::failed ? InstanceStatus::failed : InstanceStatus::applied;
            attending_->note({version, status, ack.detail ? ack.detail->str() : std::string(), told_.front().releases});
            told_.erase(told_.begin());
        }
        changed(); // what had to wait
    }

private:
    WebSocket& socket_;
    struct Told {
        std::int64_t version;
        std::shared_ptr<const Releases> releases;
    };
    std::shared_ptr<const Snapshot> has_; // what the client will have when it has read all that was sent
    const Attending* attending_;
    std::optional<std::string> instance_;
    std::vector<Told> told_; // and not acknowledged, as many as the window lets through
    Window window_;
    CatchingUp catching_up_;
    Seat seat_;
};

/// The same as Server-Sent Events. One that is too slow is cut off, comes back and says what it has.
class StreamFollower final : public Follower {
public:
    StreamFollower(EventStream& stream, std::shared_ptr<Topic> topic, std::shared_ptr<const Snapshot> had, const Attending* attending)
        : stream_(stream), has_(std::move(had)), attending_(attending), instance_(name_of(attending)), seat_(std::move(topic), *this) {
        if (has_ && attending_ != nullptr) attending_->note({has_->version, InstanceStatus::applied, {}, has_->releases});
    }

    void changed() override {
        const auto current = seat_.topic().current(instance_);
        if (!current || catching_up_.behind(*current, has_) || current == has_) return;
        const bool follows = has_ && has_->version <= current->version;
        if (!follows || has_->version != current->version) {
            std::string data = follows ? seat_.topic().change(has_, current) : snapshot_document(*current).dump();
            stream_.send(http::SseEvent{std::to_string(current->version), follows ? "change" : "snapshot", std::move(data)});
            if (attending_ != nullptr) attending_->note({current->version, InstanceStatus::told, {}, current->releases});
        }
        has_ = current;
    }

private:
    EventStream& stream_;
    std::shared_ptr<const Snapshot> has_;
    const Attending* attending_;
    std::optional<std::string> instance_;
    CatchingUp catching_up_;
    Seat seat_;
};

/// An instance that says who it is, while its connection is open.
std::unique_ptr<Attending> attend(Attendance& attendance, const Watched& watched, const std::optional<InstanceName>& name) {
    if (!name) return nullptr;
    return std::make_unique<Attending>(attendance, Presence{watched.project, watched.label, *name, watched.applications, watched.profiles});
}

std::optional<std::int64_t> version_of(const std::optional<std::string>& text) {
    std::int64_t version = 0;
    if (!text) return std::nullopt;
    const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), version);
    if (error != std::errc() || stop != text->data() + text->size() || version < 0) return std::nullopt;
    return version;
}

/// What a socket is for.
struct Wanted {
    Watched watched;
    std::optional<InstanceName> instance;
    std::shared_ptr<const Snapshot> had; // what its client comes with
};

/// What the first message says; nothing where there is none that is understood, which its client is told. What this takes is given back before the watching
/// begins, which may go on for weeks.
Task<std::optional<Wanted>> greeted(WebSocket& socket, Caller caller, Given<Watching> watching, Given<Settings> settings) {
    std::optional<Wanted> wanted;
    const auto first = co_await socket.read();
    if (!first) co_return wanted;
    const auto hello = parse_hello(first->data);
    if (!hello) {
        socket.close(policy_violation, hello.why().substr(0, longest_reason));
        co_return wanted;
    }
    const auto applications = split_names(hello->application.view()), profiles = split_names(hello->profiles.view());
    if (!applications || !profiles) {
        socket.close(policy_violation, "there are too many names");
        co_return wanted;
    }
    const SecretsSeen secrets = sees_secrets(caller, {*applications, *profiles});
    const Watched watched{caller.project, *applications, *profiles, hello->label.value_or(settings->default_label), secrets};
    std::shared_ptr<const Snapshot> had;
    const std::optional<std::string> instance = hello->instance ? std::optional(hello->instance->str()) : std::nullopt;
    if (hello->have) had = co_await watching->at_if_known(watched, hello->have->value(), instance);
    wanted.emplace(Wanted{watched, hello->instance, std::move(had)});
    co_return wanted;
}

} // namespace

Task<void> socket(WebSocket& socket, Caller caller, Given<Watching> watching, Given<Settings> settings, Given<Attendance> attendance,
                  Given<Departure> departure) {
    const OpenSocket open(*departure, socket);
    std::optional<Wanted> wanted = co_await greeted(socket, std::move(caller), watching, settings);
    if (!wanted) co_return;
    const auto attending = attend(*attendance, wanted->watched, wanted->instance);
    SocketFollower follower(socket, watching->topic(wanted->watched), std::move(wanted->had), attending.get());
    wanted.reset();
    follower.changed(); // what there is already
    for (;;) {
        const auto message = co_await socket.read();
        if (!message) co_return;
        const auto ack = parse_ack(message->data);
        if (!ack) {
            socket.close(policy_violation, ack.why().substr(0, longest_reason));
            co_return;
        }
        follower.acknowledged(*ack);
    }
}

Task<void> events(EventStream& events, Caller caller, Params<EffectiveQuery> query, Given<Watching> watching, Given<Settings> settings,
                  Given<Attendance> attendance) {
    const Selection selection = selection_of_query(*query);
    const LabelName label = query->label.value_or(settings->default_label);
    const Watched watched{caller.project, selection.applications, selection.profiles, label, sees_secrets(caller, selection)};
    std::shared_ptr<const Snapshot> had;
    const std::optional<std::string> instance = query->instance ? std::optional(query->instance->str()) : std::nullopt;
    if (const auto have = version_of(events.last_event_id())) had = co_await watching->at_if_known(watched, *have, instance);
    const auto attending = attend(*attendance, watched, query->instance);
    StreamFollower follower(events, watching->topic(watched), std::move(had), attending.get());
    follower.changed();
    co_await events.until_ended();
}

} // namespace gravity::config::watches
