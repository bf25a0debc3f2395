#pragma once

#include <gravity/app/personal_data.hpp>

#include <string>

/// What this service keeps of people, for whoever asks in their name (gravity/app/personal_data.hpp): memberships, and the invitations that made them.
namespace gravity::project {

/// Memberships, but the last owner's of an organisation, invitations to their addresses, and from where they did what they did. Whoever made a key, invited
/// others or changed something stays known by an id.
PersonErased erase_person(Tx& tx, const std::string& subject);
PersonCollected collect_person(Tx& tx, const std::string& subject);

} // namespace gravity::project
