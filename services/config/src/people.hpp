#pragma once

#include <gravity/app/personal_data.hpp>

#include <string>

/// What this service keeps of people, for whoever asks in their name (gravity/app/personal_data.hpp): who wrote settings, and who was shown a secret.
namespace gravity::config {

/// The audit log forgets from where they did what they did. What was published and who was shown a secret stays as it is, by ids that name nobody once it is
/// erased whose they were.
PersonErased erase_person(Tx& tx, const std::string& subject);
/// A thousand of what they wrote, did and were shown.
PersonPart collect_person(Tx& tx, const std::string& subject, const std::string& place);

} // namespace gravity::config
