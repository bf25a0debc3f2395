#include "projects_domain.hpp"

#include "problems.hpp"

namespace gravity::project {

void check_stays(const Project& project) {
    if (project.delete_after) throw Refusal(deletion_pending);
}

bool EnvironmentName::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.empty() || in.size() > 32) {
        why = "must have 1 to 32 characters";
        return false;
    }
    for (std::size_t i = 0; i < in.size(); ++i) {
        const char c = in[i];
        if ((c >= 'a' && c <= 'z') || (i > 0 && ((c >= '0' && c <= '9') || c == '-'))) continue;
        why = "must be lower-case letters, digits and hyphens after a letter";
        return false;
    }
    out = in;
    return true;
}

bool suspend(Project& project, Timestamp now) {
    check_stays(project);
    if (project.suspended_at) return false;
    project.suspended_at = now;
    return true;
}

bool resume(Project& project) {
    check_stays(project);
    if (!project.suspended_at) return false;
    project.suspended_at.reset();
    return true;
}

bool request_deletion(Project& project, Timestamp now, int undo_days) {
    if (project.delete_after) return false;
    project.deletion_requested_at = now;
    project.delete_after = now + Duration::hours(24 * undo_days);
    return true;
}

void check_not_deleted(const Project& project) {
    if (project.deleting_at) throw Refusal(deletion_pending);
}

void restore(Project& project, Timestamp now) {
    if (!project.delete_after) throw Refusal(not_pending);
    if (*project.delete_after <= now || project.deleting_at) throw Refusal(too_late);
    project.deletion_requested_at.reset();
    project.delete_after.reset();
}

} // namespace gravity::project
