#pragma once

#include "service_spec.hpp"

#include <gravity/async/task.hpp>
#include <gravity/http/client.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gravity::gateway {

/// Follows a Consul API by blocking queries: the list of services, and the passing instances of each that is tagged `gravity`. What was last known stays
/// while discovery cannot be reached. I/O thread only.
class RouteSource : public std::enable_shared_from_this<RouteSource> {
public:
    using Publish = std::function<void(const std::vector<ServiceSpec>&)>;

    /// `token` may be empty. `publish` is called with all services whenever one has changed.
    RouteSource(boost::asio::io_context& io, std::string url, std::string token, Publish publish);

    /// Begins; ends with `stop`, or with the context.
    void start();
    void stop() { stopped_ = true; }
    /// Why nothing is known yet, or is not fresh; nothing if all is well.
    std::optional<std::string> problem() const;
    /// All services of the first list have been read.
    bool loaded() const { return loaded_; }

private:
    struct Answer {
        std::string body;
        std::uint64_t index = 0;
    };
    static Task<void> follow_list(std::shared_ptr<RouteSource> self);
    static Task<void> follow_service(std::shared_ptr<RouteSource> self, std::string name);
    Task<Answer> ask(std::string target, std::uint64_t index);
    void changed(ServiceSpec spec);
    void publish();
    void failed(const std::string& what);

    boost::asio::io_context& io_;
    std::string url_;
    std::string token_;
    Publish publish_;
    http::Client client_;
    std::set<std::string> followed_;
    std::map<std::string, ServiceSpec> services_;
    std::size_t expected_ = 0; // services whose first answer is still to come
    bool loaded_ = false;    // every service of the first list has been read
    bool published_ = false;
    std::string failure_;
    bool stopped_ = false;
};

/// The index for the next blocking query: never backwards but for a restored registry, which starts over (Consul's documentation of blocking queries).
std::uint64_t next_index(std::uint64_t last, std::uint64_t answered);

} // namespace gravity::gateway
