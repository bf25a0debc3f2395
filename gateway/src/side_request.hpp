#pragma once

#include "core.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace gravity::gateway {

/// A request to an instance that no client waits for in line: a second attempt (Hedge), a copy (Mirror), a look whether what is kept is still so (Refresh).
/// What each of them does with it is in the functions that it overrides; none of these is called after `end` or `let_go`. The thread of its core.
class SideRequest : public std::enable_shared_from_this<SideRequest> {
public:
    virtual ~SideRequest() = default;
    SideRequest(const SideRequest&) = delete;
    SideRequest& operator=(const SideRequest&) = delete;

protected:
    SideRequest(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster);

    /// Calls `rang` then. Of several only the last counts.
    void ring_at(std::chrono::steady_clock::time_point when);
    /// To the instance of `use_`: on `kept` if that is a connection, else on a new one. Then `connected`.
    void connect(std::shared_ptr<Upstream> kept = nullptr);
    /// Then `written`; the bytes stay where they are until then. One at a time.
    void write(std::string_view bytes);
    /// Some more of the answer into the buffer; then `received`.
    void read();
    /// The answer's head at the front of the buffer, parsed (`Core::response_head`); interim ones are thrown away. Nothing: more is being read, or it is no
    /// answer to such a request and `failed` has been called.
    std::optional<std::string_view> answer_head(http::Method method);

    bool is_over() const { return over_; }
    /// Gives the instance up with this verdict, and its connection.
    void end(Outcome outcome);
    /// The same for a connection that can serve another request.
    void end_and_keep(Outcome outcome);
    /// It is another's from here on.
    std::pair<Use, std::shared_ptr<Upstream>> let_go();

    virtual void rang() = 0;
    virtual void connected() = 0;
    virtual void written() = 0;
    /// `ended`: the instance has closed the connection.
    virtual void received(bool ended) = 0;
    /// No connection, or it has broken, or what came is no answer.
    virtual void failed() = 0;

    Core& core_;
    const std::shared_ptr<const Snapshot> snapshot_; // keeps the cluster
    const Cluster& cluster_;
    Use use_;
    std::shared_ptr<Upstream> upstream_;

private:
    template <class Next>
    auto unless_over(Next next);
    void stop();

    boost::asio::steady_timer timer_;
    bool over_ = false;
};

} // namespace gravity::gateway
