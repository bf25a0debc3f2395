#pragma once

#include <gravity/auth/keys.hpp>

#include <map>
#include <string>
#include <string_view>

/// How GitHub signs its reports of leaked secrets: ECDSA over P-256 with SHA-256 over the body as it was sent ("Secret scanning partner program", GitHub Docs).
/// Pure.
namespace gravity::project {

using ReportKeys = std::map<std::string, auth::PublicKey, std::less<>>; // by identifier

/// The keys of a list as GitHub publishes it: `{"public_keys": [{"key_identifier": ..., "key": <PEM>, ...}]}`; at most a hundred. One that cannot be used, on
/// another curve say, is left out. Throws std::invalid_argument for another document.
ReportKeys parse_report_keys(std::string_view document);

/// Whether a signature (DER in base64) is that of these bytes.
bool is_signed_by(const auth::PublicKey& key, std::string_view bytes, std::string_view signature);

} // namespace gravity::project
