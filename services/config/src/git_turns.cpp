#include "git_turns.hpp"

#include <algorithm>

namespace gravity::config {

bool GitTurns::is_first(const Waiting& one) const {
    return std::none_of(waiting_.begin(), waiting_.end(), [&](const auto& other) { return other.second.since < one.since; });
}

std::chrono::seconds GitTurns::ask(const ProjectId& project, const JobId& job, Clock::time_point now) {
    std::erase_if(waiting_, [now](const auto& entry) { return now - entry.second.asked > forgotten_after; });
    const auto own = waiting_.try_emplace(project, Waiting{job, now, now}).first;
    if (!taken_ && is_first(own->second)) {
        waiting_.erase(own);
        taken_ = true;
        return {};
    }
    if (own->second.job != job) return later;
    own->second.asked = now;
    return soon;
}

} // namespace gravity::config
