#pragma once

#include "redis/connection.hpp"

#include <gravity/redis/command.hpp>
#include <gravity/redis/options.hpp>
#include <gravity/redis/url.hpp>

#include <memory>
#include <string>
#include <vector>

namespace gravity::redis {

/// What is asked of the servers in one go.
struct Call {
    enum class Kind : std::uint8_t {
        independent, // one command, or several whose replies stand alone
        transaction, // MULTI ... EXEC, all or nothing; the replies are those of every command in it
    };
    Kind kind = Kind::independent;
    std::vector<Command> commands;
    TimePoint deadline;
};

/// The servers behind a URL: one, a Sentinel's master, or a cluster.
class Backend : public std::enable_shared_from_this<Backend> {
public:
    virtual ~Backend() = default;

    virtual Task<Outcome> call(Call call) = 0;
    virtual bool connected() const = 0;
    virtual std::string last_error() const = 0;
    virtual Stats stats() const = 0;
    virtual void close() = 0;

    /// Where a further connection of its own goes: to the server of these keys, or to any if there are none.
    virtual std::shared_ptr<EndpointSource> source(std::vector<std::string> keys) = 0;
    /// Looks again where things are, after a connection of its own was refused there (MOVED, READONLY).
    virtual void look_again() = 0;
    /// Settings for such a connection.
    const LinkSettings& link_settings() const { return link_settings_; }

    boost::asio::io_context& io() const { return io_; }
    const Url& url() const { return url_; }
    const Options& options() const { return link_settings_.options; }

protected:
    Backend(boost::asio::io_context& io, Url url, Options options);

private:
    boost::asio::io_context& io_;
    Url url_;
    LinkSettings link_settings_;
};

/// By the URL's topology; throws std::invalid_argument for wrong options.
std::shared_ptr<Backend> make_backend(boost::asio::io_context& io, Url url, Options options);
std::shared_ptr<Backend> make_single_backend(boost::asio::io_context& io, Url url, Options options);
std::shared_ptr<Backend> make_cluster_backend(boost::asio::io_context& io, Url url, Options options);

/// All commands of a call as one request.
Request encode(const Call& call);

} // namespace gravity::redis
