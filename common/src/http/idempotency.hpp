#pragma once

#include <gravity/http/message.hpp>
#include <gravity/pg/tx.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same key and request answers what it answered before.
namespace gravity::http::idempotency {

inline constexpr std::size_t max_key_bytes = 255;

/// How the answer to one request is found again and kept.
struct Record {
    std::string name;        // the Idempotency-Key; what is derived from it, if the answer is sealed
    std::string fingerprint; // of what was asked: method, target and body, or the digest of a body that is not in memory
    std::string seal;        // AES-256 key of the stored answer, which only who has the Idempotency-Key can derive; empty: it is kept as it is
};
Record record_of(std::string_view key, bool sealed, const Request& request, std::string_view body_digest = {});

/// First act of the transaction: takes the key (409 while another request holds it) and gives the stored answer, if there is one
/// (422 if that was for another request).
std::optional<Response> begin(Tx& tx, const Record& record);
/// Last act: effect and answer commit together.
void finish(Tx& tx, const Record& record, const Response& response);

} // namespace gravity::http::idempotency
