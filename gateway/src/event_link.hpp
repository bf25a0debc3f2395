#pragma once

#include "api_keys.hpp"
#include "instance_watch.hpp"
#include "revocations.hpp"

#include <gravity/async/task.hpp>
#include <gravity/json/json.hpp>
#include <gravity/metrics/metrics.hpp>
#include <gravity/redis/client.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::gateway {

/// A CloudEvent 1.0 in JSON, as the platform's services write theirs. It is of no project: that is the nil UUID.
std::string cloud_event(const InstanceEvent& event, std::string_view id, Timestamp time, std::int64_t epoch, std::uint64_t sequence);

/// Makes good what an event says of tokens. False: it says nothing of them. Throws std::runtime_error with one line for one of a type that is listened to
/// and lacks what that has to say.
bool heed(std::string_view type, const Json& event, Revocations& revocations, std::int64_t now);
/// The same of API keys.
bool heed_key(std::string_view type, const Json& event, Revocations& revocations, ApiKeys& keys, std::int64_t now);

/// The platform's events, over Redis Streams (EVENTS_URL). A gateway has no store, so there is no outbox: what it tells is told at most once; what waits is
/// bounded, and gone with the process. What it hears it hears from the beginning of each stream, every process for itself. I/O thread.
class EventLink : public std::enable_shared_from_this<EventLink> {
public:
    static constexpr std::size_t most_waiting = 1000;

    /// `keys` may be null. Throws std::invalid_argument for a URL that is none.
    EventLink(boost::asio::io_context& io, std::string_view url, Revocations& revocations, ApiKeys* keys);

    void tell(InstanceEvent event);
    /// Until `stop`.
    static Task<void> send(std::shared_ptr<EventLink> self);
    static Task<void> listen(std::shared_ptr<EventLink> self);
    void stop() { stopped_ = true; }
    /// Why nothing is told or heard at the moment; nothing if that is not so.
    std::optional<std::string> problem() const;

private:
    Task<bool> hear(std::string stream);
    bool heeded(std::string_view type, const Json& event);

    redis::Client client_;
    Revocations& revocations_;
    ApiKeys* keys_;
    std::deque<std::string> waiting_types_, waiting_; // documents, with their types beside them
    std::map<std::string, std::string> heard_;        // stream -> the last entry
    std::int64_t epoch_;                              // of this process
    std::uint64_t sequence_ = 0;
    std::string failure_;
    bool stopped_ = false;
    metrics::Counter sent_, lost_, heeded_, undecodable_;
};

} // namespace gravity::gateway
