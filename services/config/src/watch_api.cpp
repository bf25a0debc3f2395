#include "watch_api.hpp"

#include "effective.hpp"

#include <gravity/async/coroutine.hpp>

#include <charconv>

namespace gravity::config::watches {
namespace {

constexpr std::uint16_t policy_violation = 1008; // RFC 6455 section 7.4.1
constexpr std::size_t longest_reason = 120;      // bytes; a close frame takes 123

/// Tells a WebSocket what has changed, while it acknowledges what it was told.
class SocketFollower final : public Follower {
public:
    SocketFollower(WebSocket& socket, std::shared_ptr<Topic> topic, std::shared_ptr<const Snapshot> had)
        : socket_(socket), has_(std::move(had)), seat_(std::move(topic), *this) {}

    void changed() override {
        const auto& current = seat_.topic().current();
        if (!current || current == has_ || !window_.open()) return;
        const bool follows = has_ && has_->version <= current->version;
        if (follows && has_->version == current->version) {
            has_ = current;
            return;
        }
        std::string frame = follows ? "{\"change\":" + seat_.topic().change_from(has_) : "{\"snapshot\":" + snapshot_document(*current).dump();
        frame += '}';
        has_ = current;
        window_.sent(current->version, frame.size());
        socket_.send(frame);
    }
    void acknowledged(std::int64_t version) {
        window_.acknowledged(version);
        changed(); // what had to wait
    }

private:
    WebSocket& socket_;
    std::shared_ptr<const Snapshot> has_; // what the client will have when it has read all that was sent
    Window window_;
    Seat seat_;
};

/// The same as Server-Sent Events. One that is too slow is cut off, comes back and says what it has.
class StreamFollower final : public Follower {
public:
    StreamFollower(EventStream& stream, std::shared_ptr<Topic> topic, std::shared_ptr<const Snapshot> had)
        : stream_(stream), has_(std::move(had)), seat_(std::move(topic), *this) {}

    void changed() override {
        const auto& current = seat_.topic().current();
        if (!current || current == has_) return;
        const bool follows = has_ && has_->version <= current->version;
        if (!follows || has_->version != current->version) {
            std::string data = follows ? seat_.topic().change_from(has_) : snapshot_document(*current).dump();
            stream_.send(http::SseEvent{std::to_string(current->version), follows ? "change" : "snapshot", std::move(data)});
        }
        has_ = current;
    }

private:
    EventStream& stream_;
    std::shared_ptr<const Snapshot> has_;
    Seat seat_;
};

std::optional<std::int64_t> version_of(const std::optional<std::string>& text) {
    std::int64_t version = 0;
    if (!text) return std::nullopt;
    const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), version);
    if (error != std::errc() || stop != text->data() + text->size() || version < 0) return std::nullopt;
    return version;
}

} // namespace

Task<void> socket(WebSocket& socket, Caller caller, Given<Watching> watching, Given<Settings> settings) {
    const auto first = co_await socket.read();
    if (!first) co_return;
    const auto hello = parse_hello(first->data);
    if (!hello) {
        socket.close(policy_violation, hello.why().substr(0, longest_reason));
        co_return;
    }
    const auto applications = split_names(hello->application.view()), profiles = split_names(hello->profiles.view());
    if (!applications || !profiles) {
        socket.close(policy_violation, "there are too many names");
        co_return;
    }
    const bool secrets = sees_secrets(caller, {*applications, *profiles});
    const Watched watched{caller.project, *applications, *profiles, hello->label.value_or(settings->default_label), secrets};
    std::shared_ptr<const Snapshot> had;
    if (hello->have) had = co_await watching->at(watched, hello->have->value());
    SocketFollower follower(socket, watching->topic(watched), std::move(had));
    follower.changed(); // what there is already
    for (;;) {
        const auto message = co_await socket.read();
        if (!message) co_return;
        const auto ack = parse_ack(message->data);
        if (!ack) {
            socket.close(policy_violation, ack.why().substr(0, longest_reason));
            co_return;
        }
        follower.acknowledged(ack->ack.value());
    }
}

Task<void> events(EventStream& events, Caller caller, Params<EffectiveQuery> query, Given<Watching> watching, Given<Settings> settings) {
    const Selection selection = selection_of_query(*query);
    const LabelName label = query->label.value_or(settings->default_label);
    const Watched watched{caller.project, selection.applications, selection.profiles, label, sees_secrets(caller, selection)};
    std::shared_ptr<const Snapshot> had;
    if (const auto have = version_of(events.last_event_id())) had = co_await watching->at(watched, *have);
    StreamFollower follower(events, watching->topic(watched), std::move(had));
    follower.changed();
    co_await events.until_ended();
}

} // namespace gravity::config::watches
