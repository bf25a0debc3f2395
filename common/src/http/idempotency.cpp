#include "http/idempotency.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

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

} // namespace

std::string fingerprint(const Request& request, std::string_view body_digest) {
    Sha256 hash;
    for (const std::string_view part : {std::string_view(request.method_text), std::string_view(request.path), std::string_view(request.query)}) {
        hash.update(part);
        hash.update("\n");
    }
    hash.update(request.body);
    hash.update(body_digest);
    return hex_encode(hash.finish());
}

std::optional<Response> begin(Tx& tx, const std::string& key, const std::string& fingerprint) {
    const Key id{tx.scope().subject, key};
    if (!tx.one(lock_key, id)) throw Refusal(problems::request_running).with_header("Retry-After", "1");
    const auto stored = tx.maybe(find_stored, id);
    if (!stored) return std::nullopt;
    if (stored->fingerprint != fingerprint) throw Refusal(problems::key_reused);
    Response response;
    response.status = stored->status;
    for (const auto& [name, value] : stored->headers) response.headers.add(name, value);
    response.headers.set("Idempotency-Replayed", "true");
    response.body = stored->body;
    return response;
}

void finish(Tx& tx, const std::string& key, const std::string& fingerprint, const Response& response) {
    Stored stored{fingerprint, response.status, {}, response.body};
    for (const auto& header : response.headers.entries()) stored.headers[header.name] = header.value;
    tx.exec(store_answer, Key{tx.scope().subject, key}, stored);
}

} // namespace gravity::http::idempotency
