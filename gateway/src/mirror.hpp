#pragma once

#include "core.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gravity::gateway {

/// A copy of one request on its way to another service (the filter RequestMirror). Nobody waits for it: its answer is read and thrown away, and what it
/// cannot take in time it does not get. The thread of its core.
class Mirror : public std::enable_shared_from_this<Mirror> {
public:
    Mirror(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster);
    /// Without an instance that takes requests nothing happens.
    void start();

    void add(std::string_view bytes);
    /// The request is whole.
    void finish();
    /// It will never be: the connection is cut.
    void abandon();

private:
    static constexpr std::size_t most_waiting = std::size_t{1} << 20; // bytes; a mirror that is slower than that is cut off

    void connect();
    void write();
    void read();
    void close();

    Core& core_;
    std::shared_ptr<const Snapshot> snapshot_; // keeps the cluster
    const Cluster& cluster_;
    Use use_;
    std::shared_ptr<Upstream> upstream_;
    boost::asio::steady_timer timer_;
    std::string waiting_, writing_;
    bool connected_ = false, busy_ = false, whole_ = false, closed_ = false;
};

} // namespace gravity::gateway
