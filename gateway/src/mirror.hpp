#pragma once

#include "side_request.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gravity::gateway {

/// A copy of one request on its way to another service (the filter RequestMirror). Nobody waits for it: its answer is read and thrown away, and what it
/// cannot take in time it does not get. The thread of its core.
class Mirror final : public SideRequest {
public:
    Mirror(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster) : SideRequest(core, std::move(snapshot), cluster) {}
    /// Without an instance that takes requests nothing happens.
    void start();

    void add(std::string_view bytes);
    /// The request is whole.
    void finish();
    /// It will never be: the connection is cut.
    void abandon();

private:
    static constexpr std::size_t most_waiting = std::size_t{1} << 20; // bytes; a mirror that is slower than that is cut off

    void send();
    void rang() override { abandon(); }
    void connected() override;
    void written() override;
    void received(bool ended) override;
    void failed() override { abandon(); }

    std::string waiting_, writing_;
    bool answered_ = false, connected_ = false, whole_ = false;
};

} // namespace gravity::gateway
