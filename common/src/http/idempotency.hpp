#pragma once

#include <gravity/http/message.hpp>
#include <gravity/pg/tx.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same key and request answers what it answered before.
namespace gravity::http::idempotency {

inline constexpr std::size_t max_key_bytes = 255;

/// Identifies what was asked: method, target and body, or the digest of a body that is not in memory.
std::string fingerprint(const Request& request, std::string_view body_digest = {});

/// First act of the transaction: takes the key (409 while another request holds it) and gives the stored answer, if there is one
/// (422 if that was for another request).
std::optional<Response> begin(Tx& tx, const std::string& key, const std::string& fingerprint);
/// Last act: effect and answer commit together.
void finish(Tx& tx, const std::string& key, const std::string& fingerprint, const Response& response);

} // namespace gravity::http::idempotency
