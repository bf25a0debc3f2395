#include "watches.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/live.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace gravity::registry {
namespace {

constexpr std::string_view list_event = "list";
constexpr std::string_view change_event = "change";

using Events = std::vector<http::SseEvent>;

template <class T>
void add(Events& events, std::string_view name, const T& value) {
    events.push_back({{}, std::string(name), json::encode(value)});
}

// What a token may do: itself, or what it names.
bool concerns_rules(const Change& change) {
    return std::holds_alternative<ChangeOf<AclToken>>(change) || std::holds_alternative<ChangeOf<AclPolicy>>(change) ||
           std::holds_alternative<ChangeOf<AclRole>>(change);
}

} // namespace

struct Watches::Follower {
    std::shared_ptr<http::EventStream> stream;
    std::set<std::string> services;
    bool passing;
    std::optional<Access> access; // none: there are no access rules

    bool sees_all() const { return !access || access->may_everything(); }
    Access may() const { return access.value_or(Access()); }
};

struct Watches::State {
    State(const Model& m, std::string s) : model(m), deltas(m), store(std::move(s)) {}
    const Model& model;
    Deltas deltas;
    std::string store;
    std::map<std::string, std::set<Follower*>, std::less<>> by_service;
    std::size_t followers = 0;

    // A follower's place: left when its handler ends, however it ends.
    struct Place {
        std::shared_ptr<State> state;
        Follower& follower;
        Place(std::shared_ptr<State> s, Follower& f) : state(std::move(s)), follower(f) {
            for (const std::string& service : follower.services) state->by_service[service].insert(&follower);
            ++state->followers;
        }
        ~Place() {
            for (const std::string& service : follower.services) {
                const auto found = state->by_service.find(service);
                found->second.erase(&follower);
                if (found->second.empty()) state->by_service.erase(found);
            }
            --state->followers;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
    };

    std::string id() const { return store + '-' + std::to_string(model.index()); }

    // The index of an id of this store; nothing for any other.
    std::optional<std::int64_t> index_of(std::string_view id) const {
        if (!id.starts_with(store) || id.size() <= store.size() || id[store.size()] != '-') return std::nullopt;
        const std::string_view digits = id.substr(store.size() + 1);
        std::int64_t index = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
        if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
        return index;
    }

    void send(Follower& follower, Events events) const {
        if (events.empty()) return;
        events.back().id = id();
        for (const http::SseEvent& event : events)
            if (!follower.stream->send(event)) return; // it has ended, or was too slow: its handler learns of it
    }

    void let_guarded_go() const {
        std::set<Follower*> guarded;
        for (const auto& [service, those] : by_service)
            for (Follower* follower : those)
                if (follower->access) guarded.insert(follower);
        for (Follower* follower : guarded) follower->stream->close();
    }

    void greet(Follower& follower, const std::optional<std::string>& last_seen) const {
        Events events;
        std::optional<std::int64_t> index = last_seen ? index_of(*last_seen) : std::nullopt;
        if (index && follower.access && model.index_of(watch::acl) > *index) index.reset(); // there may be more, or less, for him to see than there was
        for (const std::string& service : follower.services) {
            const std::optional<Deltas::Keys> missed = index ? deltas.since(service, *index) : std::nullopt;
            if (!missed)
                add(events, list_event, deltas.list(service, follower.passing, last_seen ? ListReason::forgotten : ListReason::first, follower.may()));
            else if (const auto change = deltas.change(service, follower.passing, *missed, follower.may()))
                add(events, change_event, *change);
        }
        send(follower, std::move(events));
    }
};

Watches::Watches(const Model& model, std::string store) : state_(std::make_shared<State>(model, std::move(store))) {}
Watches::~Watches() = default;

std::size_t Watches::followers() const { return state_->followers; }

void Watches::on_changes(const std::vector<Change>& changes) {
    std::map<Follower*, Events> due;
    if (std::any_of(changes.begin(), changes.end(), concerns_rules)) state_->let_guarded_go();
    for (const auto& [service, keys] : state_->deltas.on_changes(changes)) {
        const auto followers = state_->by_service.find(service);
        if (followers == state_->by_service.end()) continue;
        // Made once for all who look at it in one way.
        std::optional<std::optional<http::SseEvent>> made[2];
        const auto make = [&](const Follower& follower) {
            std::optional<http::SseEvent> event;
            if (const auto change = state_->deltas.change(service, follower.passing, keys, follower.may()))
                event.emplace(http::SseEvent{{}, std::string(change_event), json::encode(*change)});
            return event;
        };
        for (Follower* follower : followers->second) {
            std::optional<http::SseEvent> own;
            if (!follower->sees_all()) own = make(*follower);
            auto& shared = made[follower->passing ? 1 : 0];
            if (follower->sees_all() && !shared) shared = make(*follower);
            const std::optional<http::SseEvent>& event = follower->sees_all() ? *shared : own;
            if (event) due[follower].push_back(*event);
        }
    }
    for (auto& [follower, events] : due) state_->send(*follower, std::move(events));
}

Task<void> Watches::follow(EventStream& stream, std::set<std::string> services, bool passing, std::optional<Access> access) {
    const std::shared_ptr<State> state = state_;
    Follower follower{stream.producer(), std::move(services), passing, std::move(access)};
    const State::Place place(state, follower);
    state->greet(follower, stream.last_event_id());
    co_await stream.until_ended();
}

} // namespace gravity::registry
