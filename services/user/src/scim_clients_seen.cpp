#include "scim_clients_seen.hpp"

namespace gravity::user {

std::optional<std::optional<ScimClient>> SeenClients::find(const ProjectId& project, const std::string& subject) const {
    const std::lock_guard lock(mutex_);
    const auto found = seen_.find({project, subject});
    if (found == seen_.end() || found->second.until <= std::chrono::steady_clock::now()) return std::nullopt;
    return std::make_optional(found->second.client);
}

void SeenClients::note(const ProjectId& project, const std::string& subject, const std::optional<ScimClient>& client) {
    const std::lock_guard lock(mutex_);
    if (seen_.size() >= most) seen_.clear();
    seen_[{project, subject}] = {client, std::chrono::steady_clock::now() + life};
}

void SeenClients::forget() {
    const std::lock_guard lock(mutex_);
    seen_.clear();
}

} // namespace gravity::user
