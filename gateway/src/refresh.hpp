#pragma once

#include "body_relay.hpp"
#include "side_request.hpp"

#include <memory>
#include <optional>
#include <string>

namespace gravity::gateway {

/// Asks a service whether an answer is still so that is used meanwhile (stale-while-revalidate, RFC 5861 section 3), and keeps what it says. No client
/// waits for it. The thread of its core.
class Refresh final : public SideRequest {
public:
    Refresh(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster, const Exchange& exchange, StoredPtr stored, ResponseCache::Lead lead);
    void start(std::chrono::steady_clock::time_point deadline);

private:
    void rang() override { failed(); }
    void connected() override { write(request_head_); }
    void written() override { read(); }
    void received(bool ended) override;
    void failed() override;
    void take_head();
    void take_body(bool ended);
    void keep(const StoredPtr& fresh);
    void give_up(bool remember);
    void finish(bool reusable);

    CacheRequest request_;
    std::string original_head_; // as it would have gone out, for what Vary names
    std::string request_head_;  // as it does
    Moment asked_;
    CacheUse use_of_cache_;
    StoredPtr stored_;
    ResponseCache::Lead lead_;
    ResponseCache::Room room_;
    BodyRelay response_body_;
    std::optional<Stored> draft_; // once the head has been read
    std::string body_;
    bool keep_alive_ = false;
};

} // namespace gravity::gateway
