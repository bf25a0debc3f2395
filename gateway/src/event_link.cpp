#include "event_link.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/time.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/log/log.hpp>
#include <gravity/redis/error.hpp>
#include <gravity/redis/streams.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace gravity::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view own_stream = "gravity:events:{gateway}", nil = "00000000-0000-0000-0000-000000000000";
constexpr std::uint64_t stream_length = 200'000; // as of other services: the oldest beyond are trimmed
constexpr std::uint32_t at_once = 500;
constexpr auto pause = 250ms; // what is revoked is refused within a second

redis::Options redis_options() {
    redis::Options options;
    options.client_name = "gravity-gateway";
    return options;
}

const std::string& member_text(const Json& data, std::string_view name) {
    const Json* found = data.find(name);
    if (!found || !found->is_string() || found->as_string().empty()) throw std::runtime_error("it lacks \"" + std::string(name) + "\"");
    return found->as_string();
}

metrics::Counter counter_of(std::string_view name, std::string_view help) { return metrics::counter(name, help).with({}); }

} // namespace

std::string cloud_event(const InstanceEvent& event, std::string_view id, Timestamp time, std::int64_t epoch, std::uint64_t sequence) {
    std::string number = std::to_string(sequence);
    number.insert(0, 16 - std::min<std::size_t>(number.size(), 16), '0'); // its texts order as the numbers do
    Json::Object data;
    data.emplace("service", event.service);
    data.emplace("instance", event.instance);
    data.emplace("address", event.address);
    data.emplace("port", static_cast<std::int64_t>(event.port));
    data.emplace("times", static_cast<std::int64_t>(event.times));
    Json::Object document;
    document.emplace("specversion", "1.0");
    document.emplace("id", std::string(id));
    document.emplace("source", "urn:gravity:service:gateway");
    document.emplace("type", std::string(event.type));
    document.emplace("subject", event.instance);
    document.emplace("time", time.to_string());
    document.emplace("datacontenttype", "application/json");
    document.emplace("project", std::string(nil));
    document.emplace("sequence", std::move(number));
    document.emplace("epoch", std::to_string(epoch));
    document.emplace("data", Json(std::move(data)));
    return Json(std::move(document)).dump();
}

bool heed(std::string_view type, const Json& event, Revocations& revocations, std::int64_t now) {
    const bool session = type == "gravity.auth.session.ended" || type == "gravity.session.session.revoked";
    const bool reuse = type == "gravity.auth.refresh_token.reuse_detected", token = type == "gravity.auth.token.revoked";
    const bool identity = type == "gravity.auth.identity.disabled" || type == "gravity.auth.identity.deleted";
    if (!session && !reuse && !token && !identity) return false;
    const auto time = Timestamp::parse(member_text(event, "time"));
    if (!time) throw std::runtime_error("its time is none");
    if (time->unix_seconds() + Revocations::lifetime_seconds < now) return true; // no token is as old
    static const Json none;
    const Json* found = event.find("data");
    const Json& data = found ? *found : none;
    if (session) revocations.revoke_session(member_text(data, "id"), now);
    else if (reuse) revocations.revoke_session(member_text(data, "session"), now);
    else if (token) revocations.revoke_token(member_text(data, "jti"), now);
    else revocations.revoke_subject(member_text(data, "id"), time->unix_seconds() + 1, now); // those of the same second too
    return true;
}

bool heed_key(std::string_view type, const Json& event, Revocations& revocations, ApiKeys& keys, std::int64_t now) {
    const bool revoked = type == "gravity.project.api_key.revoked";
    const bool changed = type == "gravity.project.api_key.rotated" || type == "gravity.project.api_key.changed";
    const bool ended = type == "gravity.project.project.suspended" || type == "gravity.project.project.deletion_requested";
    if (!revoked && !changed && !ended) return false;
    const auto time = Timestamp::parse(member_text(event, "time"));
    if (!time) throw std::runtime_error("its time is none");
    if (time->unix_seconds() + Revocations::lifetime_seconds < now) return true;
    static const Json none;
    const Json* found = event.find("data");
    const std::string& id = member_text(found ? *found : none, "id");
    const auto moment = std::chrono::steady_clock::now();
    if (ended) {
        const auto project = ProjectId::parse(id);
        if (!project) throw std::runtime_error("its project is none");
        keys.forget_project(*project, moment);
        return true;
    }
    const std::string subject = "api_key:" + id;
    // Revoked is revoked: whatever token it came to, or comes to where somebody has not heard yet. A key that another one replaces is good for a while.
    if (revoked) revocations.revoke_subject(subject, std::numeric_limits<std::int64_t>::max(), now);
    keys.forget_subject(subject, moment);
    return true;
}

EventLink::EventLink(boost::asio::io_context& io, std::string_view url, Revocations& revocations, ApiKeys* keys)
    : client_(io, url, redis_options()),
      revocations_(revocations),
      keys_(keys),
      heard_{{"gravity:events:{auth}", "0"}, {"gravity:events:{session}", "0"}},
      epoch_(now().unix_ms()),
      sent_(counter_of("gravity_gateway_events_sent_total", "Events told to others")),
      lost_(counter_of("gravity_gateway_events_lost_total", "Events that were not told, because too many waited or the answer of Redis was lost")),
      heeded_(counter_of("gravity_gateway_events_heeded_total", "Events of others that tokens were refused for")),
      undecodable_(counter_of("gravity_gateway_events_undecodable_total", "Events of others that lacked what they have to say")) {
    if (keys) heard_.emplace("gravity:events:{project}", "0");
}

void EventLink::tell(InstanceEvent event) {
    if (waiting_.size() >= most_waiting) return lost_.add(); // which leaves a gap in the numbers
    waiting_types_.emplace_back(event.type);
    waiting_.push_back(cloud_event(event, Uuid::v7().to_string(), now(), epoch_, ++sequence_));
}

Task<void> EventLink::send(std::shared_ptr<EventLink> self) {
    while (!self->stopped_) {
        if (self->waiting_.empty()) {
            co_await sleep_for(50ms);
            continue;
        }
        bool again = false;
        try {
            std::vector<std::pair<std::string, std::string>> fields{
                {"type", self->waiting_types_.front()}, {"project", std::string(nil)}, {"e", self->waiting_.front()}};
            redis::XAddOptions options;
            options.max_length = stream_length;
            std::string stream(own_stream);
            co_await redis::xadd(self->client_, std::move(stream), std::move(fields), options);
            self->sent_.add();
        } catch (const redis::Error& error) {
            again = !error.maybe_executed(); // else it may have been told: never twice
            if (!again) self->lost_.add();
            self->failure_ = error.what();
        }
        if (again) {
            co_await sleep_for(1s);
            continue;
        }
        self->waiting_types_.pop_front();
        self->waiting_.pop_front();
    }
}

bool EventLink::heeded(std::string_view type, const Json& event) {
    const std::int64_t today = now().unix_seconds();
    return heed(type, event, revocations_, today) || (keys_ && heed_key(type, event, revocations_, *keys_, today));
}

/// What has come on one stream; true if there may be more.
Task<bool> EventLink::hear(std::string stream) {
    redis::Command command("XREAD", "COUNT", at_once, "STREAMS", stream, heard_[stream]);
    const redis::Value reply = co_await client_.command(std::move(command));
    std::size_t count = 0;
    for (const redis::StreamBatch& batch : redis::parse_batches(reply)) {
        for (const redis::StreamEntry& entry : batch.entries) {
            ++count;
            heard_[stream] = entry.id;
            const std::string_view type = entry.get("type").value_or("");
            try {
                const auto event = Json::parse(entry.get("e").value_or(""));
                if (!event) throw std::runtime_error("it is no JSON: " + event.why());
                if (heeded(type, *event)) heeded_.add();
            } catch (const std::runtime_error& error) {
                undecodable_.add();
                log::warn("an event cannot be understood", {{"stream", stream}, {"entry", entry.id}, {"type", type}, {"reason", error.what()}});
            }
        }
    }
    co_return count == at_once;
}

Task<void> EventLink::listen(std::shared_ptr<EventLink> self) {
    std::vector<std::string> streams;
    for (const auto& [stream, last] : self->heard_) streams.push_back(stream);
    while (!self->stopped_) {
        bool more = false;
        std::string failure;
        const auto begun = std::chrono::steady_clock::now();
        for (const std::string& stream : streams) {
            try {
                std::string name = stream;
                const bool full = co_await self->hear(std::move(name));
                more = more || full;
            } catch (const redis::Error& error) {
                failure = error.what();
            }
        }
        if (failure != self->failure_ && !failure.empty()) log::warn("events cannot be heard", {{"reason", failure}});
        if (self->keys_ && failure.empty() && !more) self->keys_->heard(begun);
        self->failure_ = std::move(failure);
        if (!more) co_await sleep_for(pause);
    }
}

std::optional<std::string> EventLink::problem() const { return failure_.empty() ? std::nullopt : std::optional(failure_); }

} // namespace gravity::gateway
