#pragma once

#include <gravity/app/personal_data.hpp>

#include <string>

/// What this service keeps of people, for whoever asks in their name (gravity/app/personal_data.hpp): identities, what they sign in with, and where they have.
namespace gravity::issuer {

/// All of it: an identity takes along everything that is known by it.
PersonErased erase_person(Tx& tx, const std::string& subject);
/// Without what signs somebody in: hashes, keys, codes and tokens. In parts: what there is few of stands in the first.
PersonPart collect_person(Tx& tx, const std::string& subject, const std::string& place);

} // namespace gravity::issuer
