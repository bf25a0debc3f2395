#pragma once

#include <gravity/app/personal_data.hpp>

#include <string>

/// What this service keeps of people, for whoever asks in their name (gravity/app/personal_data.hpp): memberships, and the invitations that made them.
namespace gravity::project {

/// Memberships of organisations, but the last owner's, and of single projects, invitations to their addresses, and from where they did what they did. Whoever
/// made a key, invited others or changed something stays known by an id.
PersonErased erase_person(Tx& tx, const std::string& subject);
/// All of it, in parts of at most 3 MiB and 10,000 items.
PersonPart collect_person(Tx& tx, const std::string& subject, const std::string& place);

} // namespace gravity::project
