#include "members_domain.hpp"

#include "problems.hpp"
#include "projects_model.hpp"

#include <gravity/meta/errors.hpp>

#include <algorithm>

namespace gravity::project {

bool Subject::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.empty() || in.size() > 255) {
        why = "must have 1 to 255 characters";
        return false;
    }
    if (!std::all_of(in.begin(), in.end(), [](char c) { return c >= '!' && c <= '~'; })) {
        why = "must be printable ASCII without blanks";
        return false;
    }
    if (in == "." || in == "..") { // a member is named by their path, of which clients take these out, percent-encoded or not (RFC 3986 section 5.2.4)
        why = "must not be `.` or `..`, of which no address can be made";
        return false;
    }
    out = in;
    return true;
}

bool allows(MemberRole role, Right right) {
    switch (right) {
    case Right::see: return true;
    case Right::develop: return role == MemberRole::owner || role == MemberRole::admin || role == MemberRole::developer;
    case Right::administer: return role == MemberRole::owner || role == MemberRole::admin;
    case Right::own: return role == MemberRole::owner;
    }
    return false;
}

void check_right(MemberRole role, Right right) {
    if (!allows(role, right)) throw Refusal(role_too_low);
}

Right right_to_change(std::optional<MemberRole> from, std::optional<MemberRole> to) {
    return from == MemberRole::owner || to == MemberRole::owner ? Right::own : Right::administer;
}

bool reserved(const Slug& slug) {
    constexpr std::string_view words[] = {"admin", "api", "docs", "health", "internal", "metrics", "new", "www"};
    return std::find(std::begin(words), std::end(words), slug.view()) != std::end(words);
}

void check(const OrganizationEdit& organization, meta::Errors& errors) {
    if (reserved(organization.slug)) errors.reject("slug", "is reserved");
}
void check(const ProjectEdit& project, meta::Errors& errors) {
    if (reserved(project.slug)) errors.reject("slug", "is reserved");
}

} // namespace gravity::project
