#pragma once

#include <gravity/app/personal_data.hpp>

#include <string>

/// What this service keeps of people, for whoever asks in their name (gravity/app/personal_data.hpp): memberships, and the invitations that made them.
namespace gravity::project {

/// Memberships, but the last owner's of an organisation, and invitations to their addresses. Whoever made a key or invited others stays known by an id.
PersonErased erase_person(Tx& tx, const std::string& subject);
PersonCollected collect_person(Tx& tx, const std::string& subject);

} // namespace gravity::project
