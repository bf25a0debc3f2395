#pragma once

#include <string_view>

namespace gravity::http {

/// A host with or without a port, as Host and the absolute form of a request target have it (RFC 9110 sections 4.2 and 7.2): not empty, without user
/// information, brackets round an IPv6 address and nothing else, a port below 65536. Two parties must not read two hosts from one text.
bool is_authority(std::string_view text);

} // namespace gravity::http
