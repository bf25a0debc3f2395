#pragma once

#include <gravity/app/personal_data.hpp>

#include <string>

/// What this service keeps of people, for whoever asks in their name (gravity/app/personal_data.hpp): who wrote settings, and who was shown a secret.
namespace gravity::config {

/// Nothing goes: what was published and who was shown a secret stays as it is, by ids that name nobody once it is erased whose they were.
PersonErased erase_person(Tx& tx, const std::string& subject);
PersonCollected collect_person(Tx& tx, const std::string& subject);

} // namespace gravity::config
