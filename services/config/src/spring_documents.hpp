#pragma once

#include "items.hpp"
#include "names.hpp"

#include <map>
#include <string_view>

/// YAML files as Spring Boot has them, with several documents of which some are of other profiles: pure.
namespace gravity::config {

/// The settings of a file by profile. A document that names none (`spring.config.activate.on-profile`, or `spring.profiles` of old) is of `own`, the profile
/// of the file; where several documents are of a profile, later ones come on top of earlier ones. A refusal is thrown for what is no such file: expressions of
/// profiles, a file of a profile that has documents of others, and more than 100 documents, 100 profiles or 8 MiB for all profiles together are not taken.
std::map<ConfigName, Items> read_spring_yaml(std::string_view content, const ConfigName& own);

} // namespace gravity::config
