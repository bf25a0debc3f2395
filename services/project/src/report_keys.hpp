#pragma once

#include "config.hpp"
#include "report_signature.hpp"

#include <gravity/async/task.hpp>
#include <gravity/http/fetcher.hpp>
#include <gravity/resilience/single_flight.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace gravity::project {

/// The keys that reports of leaks are signed with, from PROJECT_LEAK_KEYS_URL: fetched when a report first needs one and kept for an hour, for a day where the
/// list cannot be had anew. For an identifier that is not in it the list is fetched again, once in five minutes however many ask: whoever makes identifiers up
/// has us ask no more often. I/O thread only.
class ReportKeySource {
public:
    ReportKeySource(boost::asio::io_context& io, const Settings& settings);

    /// Nothing where there is no such key, or none can be had for now.
    Task<std::optional<auth::PublicKey>> find(const std::string& identifier, std::chrono::steady_clock::time_point deadline);

private:
    using Moment = std::chrono::steady_clock::time_point;
    const auth::PublicKey* known(const std::string& identifier, std::chrono::hours at_most) const;
    bool may_ask() const;
    Task<bool> fetch();

    std::string url_; // empty: signatures are not looked at
    http::Fetcher fetcher_;
    resilience::SingleFlight<int, bool> flights_;
    ReportKeys keys_;
    std::optional<Moment> fetched_at_, asked_at_;
    bool failed_ = false;
};

} // namespace gravity::project
