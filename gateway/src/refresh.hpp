#pragma once

#include "body_relay.hpp"
#include "core.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gravity::gateway {

/// Asks a service whether an answer is still so that is used meanwhile (stale-while-revalidate, RFC 5861 section 3), and keeps what it says. No client
/// waits for it. The thread of its core.
class Refresh : public std::enable_shared_from_this<Refresh> {
public:
    Refresh(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster, const Exchange& exchange, StoredPtr stored, ResponseCache::Lead lead);
    void start(std::chrono::steady_clock::time_point deadline);

private:
    void connect();
    void write();
    void read();
    void take_head();
    void take_body(bool end);
    void finish();
    void fail();
    void close();

    Core& core_;
    std::shared_ptr<const Snapshot> snapshot_; // keeps the cluster
    const Cluster& cluster_;
    CacheRequest request_;
    std::string original_head_; // as it would have gone out, for what Vary names
    std::string request_head_;  // as it does
    Moment asked_;
    CacheUse use_of_cache_;
    StoredPtr stored_;
    ResponseCache::Lead lead_;
    ResponseCache::Room room_;
    Use use_;
    std::shared_ptr<Upstream> upstream_;
    boost::asio::steady_timer timer_;
    BodyRelay response_body_;
    std::optional<Stored> draft_;
    std::string body_;
    bool head_read_ = false, keep_alive_ = false, closed_ = false;
};

} // namespace gravity::gateway
