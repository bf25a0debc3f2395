#pragma once

#include <gravity/json/json.hpp>

#include <string_view>

/// A configuration in HCL, as the JSON that says the same. Pure.
namespace gravity::registry::consul {

/// Blocks of one name become a list, a single one an object; of a word or text that is given twice the last one counts. Words are numbers, true, false or
/// null. Throws hcl::Error with the line.
Json document_of_hcl(std::string_view text);

} // namespace gravity::registry::consul
