#pragma once

#include "scim_clients_model.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace gravity::user {

/// Which SCIM client a `sub` is of, remembered for a second: for those who only look, as directories do all the time. Whoever changes something has it looked
/// up in their transaction. Any thread.
class SeenClients {
public:
    static constexpr std::chrono::seconds life{1};
    static constexpr std::size_t most = 1000; // remembered at a time

    /// Nothing: it has to be looked up. An empty one: there was no such client.
    std::optional<std::optional<ScimClient>> find(const ProjectId& project, const std::string& subject) const;
    void note(const ProjectId& project, const std::string& subject, const std::optional<ScimClient>& client);
    /// All of them: one has changed. Other processes hear nothing of it, and remember theirs for as long as anybody does.
    void forget();

private:
    struct Seen {
        std::optional<ScimClient> client;
        std::chrono::steady_clock::time_point until;
    };
    mutable std::mutex mutex_;
    std::map<std::pair<ProjectId, std::string>, Seen> seen_;
};

} // namespace gravity::user
