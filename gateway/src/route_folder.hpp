#pragma once

#include "documents.hpp"

#include <string>

/// A folder of documents of the Gateway API: its files that end with .yaml, .yml or .json and do not begin with a dot.
namespace gravity::gateway {

/// All documents, file by file in the order of their names; taken whole or refused with one line that names the file. Two of one kind and name are refused.
Parsed<Documents> read_route_folder(const std::string& folder);

/// A text that changes whenever one of its files comes, goes or is written; of a file that of the file.
std::string fingerprint_of(const std::string& path);

} // namespace gravity::gateway
