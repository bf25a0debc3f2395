#pragma once

#include "organizations_model.hpp"

/// What roles let their members do: pure. A refusal is thrown.
namespace gravity::project {

/// Each is about an organisation and all that belongs to it.
enum class Right {
    see,        // everybody
    develop,    // API keys
    administer, // its name, members, projects and environments
    own         // its end, that of its projects, and who else owns it
};

bool allows(MemberRole role, Right right);
void check_right(MemberRole role, Right right);

/// What it takes to make somebody's role from one into another, nothing being no member: owners are made and unmade by owners.
Right right_to_change(std::optional<MemberRole> from, std::optional<MemberRole> to);

/// What is not to stand in an address where the platform's own paths are.
bool reserved(const Slug& slug);

} // namespace gravity::project
