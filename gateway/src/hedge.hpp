#pragma once

#include "side_request.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace gravity::gateway {

/// A second attempt at a request whose answer is late, at another instance, while the first still goes on; who answers first is heard. Only of requests
/// that change nothing and have no body. The thread of its core.
class Hedge final : public SideRequest {
public:
    /// `first` is the instance that was asked; `changed` is called when the answer's head is here, and when there will be none. Whoever holds this ends it by
    /// `take` or `cancel`.
    Hedge(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster, std::shared_ptr<Endpoint> first, std::string request_head,
          http::Method method, std::function<void()> changed);

    /// Asks after this time, if the budget allows it and there is another instance.
    void start(std::chrono::steady_clock::duration wait);
    /// Its answer is still to come.
    bool under_way() const { return use_ && !answered_; }
    bool answered() const { return answered_; }

    /// The connection, with the whole answer's head in its buffer.
    std::pair<Use, std::shared_ptr<Upstream>> take() { return let_go(); }
    /// Nobody waits for it any more.
    void cancel() { end(Outcome::neutral); }

private:
    void rang() override;
    void connected() override;
    void written() override;
    void received(bool ended) override;
    void failed() override;

    std::shared_ptr<Endpoint> first_;
    std::string request_head_;
    http::Method method_;
    std::function<void()> changed_;
    bool answered_ = false;
};

/// Asking twice does no harm (RFC 9110 section 9.2.1), and what was sent once can be sent again.
bool may_be_hedged(http::Method method, const http::Framing& framing, bool websocket);

} // namespace gravity::gateway
