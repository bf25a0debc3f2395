#include "http/idempotency.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>

namespace gravity::http::idempotency {
namespace {

struct Key {
    std::string caller;
    std::string key;
};
BOOST_DESCRIBE_STRUCT(Key, (), (caller, key))

struct Stored {
    std::string fingerprint;
    int status;
    std::map<std::string, std::string> headers;
    std::string body;
};
BOOST_DESCRIBE_STRUCT(Stored, (), (fingerprint, status, headers, body))

const Sql<bool(Key)> lock_key{"gravity.idempotency.lock", R"sql(
    select pg_try_advisory_xact_lock(hashtextextended(current_setting('gravity.project') || ' ' || $caller::text || ' ' || $key::text, 1)))sql"};
const Sql<Stored(Key)> find_stored{"gravity.idempotency.find", R"sql(
    select fingerprint, status, headers, body from gravity.idempotency
    where project = gravity.current_project() and caller = $caller and key = $key)sql"};
const Sql<void(Key, Stored)> store_answer{"gravity.idempotency.store", R"sql(
    insert into gravity.idempotency (project, caller, key, fingerprint, status, headers, body)
    values (gravity.current_project(), $caller, $key, $fingerprint, $status, $headers, $body))sql"};

std::string fingerprint_of(const Request& request, std::string_view body_digest) {
    Sha256 hash;
    for (const std::string_view part : {std::string_view(request.method_text), std::string_view(request.path), std::string_view(request.query)}) {
        hash.update(part);
        hash.update("\n");
    }
    hash.update(request.body);
    hash.update(body_digest);
    return hex_encode(hash.finish());
}

std::string seal(const Record& record, std::string_view body) {
    const std::string nonce = random_bytes(gcm_nonce_bytes);
    return base64url_encode(nonce + aes256_gcm_seal(record.seal, nonce, body, record.name));
}

std::string open(const Record& record, std::string_view stored) {
    const std::string bytes = base64url_decode(stored).value_or("");
    const std::string_view all = bytes;
    std::optional<std::string> body;
    if (all.size() >= gcm_nonce_bytes) body = aes256_gcm_open(record.seal, all.substr(0, gcm_nonce_bytes), all.substr(gcm_nonce_bytes), record.name);
    if (body) return *std::move(body);
    log::error("a sealed answer cannot be opened", {{"record", record.name}});
    throw Refusal(problems::integrity_violation);
}

} // namespace

Record record_of(std::string_view key, bool sealed, const Request& request, std::string_view body_digest) {
    Record record{std::string(key), fingerprint_of(request, body_digest), {}};
    if (!sealed) return record;
    record.name = hex_encode(hkdf_sha256(key, {}, "gravity idempotency name v1", 32));
    record.seal = hkdf_sha256(key, {}, "gravity idempotency seal v1 " + record.fingerprint, aes256_key_bytes);
    return record;
}

std::optional<Response> begin(Tx& tx, const Record& record) {
    const Key id{tx.scope().subject, record.name};
    if (!tx.one(lock_key, id)) throw Refusal(problems::request_running).with_header("Retry-After", "1");
    const auto stored = tx.maybe(find_stored, id);
    if (!stored) return std::nullopt;
    if (stored->fingerprint != record.fingerprint) throw Refusal(problems::key_reused);
    Response response;
    response.status = stored->status;
    for (const auto& [name, value] : stored->headers) response.headers.add(name, value);
    response.headers.set("Idempotency-Replayed", "true");
    response.body = record.seal.empty() ? stored->body : open(record, stored->body);
    return response;
}

void finish(Tx& tx, const Record& record, const Response& response) {
    Stored stored{record.fingerprint, response.status, {}, record.seal.empty() ? response.body : seal(record, response.body)};
    for (const auto& header : response.headers.entries()) stored.headers[header.name] = header.value;
    tx.exec(store_answer, Key{tx.scope().subject, record.name}, stored);
}

} // namespace gravity::http::idempotency
