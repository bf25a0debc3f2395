#include "spring_key_api.hpp"

#include "audit.hpp"
#include "cipher.hpp"
#include "spring_cipher.hpp"
#include "spring_key_store.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/base/problem.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/output.hpp>

namespace gravity::config::spring_key {
namespace {

constexpr std::size_t longest_spring_key = 4'096;

void check_pair(const Secret<>& key, std::vector<Refusal::Fault>& faults) {
    const auto pair = SpringKeyPair::parse(key, {});
    if (!pair)
        faults.push_back({"/key", pair.why()});
    else if (!pair->is_sound())
        faults.push_back({"/key", "has numbers that do not belong together"});
}

void check_spring_key(const NewSpringKey& in) {
    const std::string& key = in.key.reveal();
    std::vector<Refusal::Fault> faults;
    if (key.size() > longest_spring_key) faults.push_back({"/key", "must have at most " + std::to_string(longest_spring_key) + " bytes"});
    if (key.starts_with("ssh-rsa") || key.find("PUBLIC KEY-----") != std::string::npos)
        faults.push_back({"/key", "must be a text or a private key: a public one opens nothing"});
    else if (faults.empty() && is_spring_pair(key))
        check_pair(in.key, faults);
    if (!hex_decode(in.salt.view())) faults.push_back({"/salt", "must be hexadecimal digits, two for a byte"});
    if (!faults.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults));
}

/// RFC 9110 section 13.1.2: `*` is said by who makes one and would not replace another's.
void check_absent(const Header<"If-None-Match">& unless, const std::optional<SpringKey>& present) {
    if (!unless || !present) return;
    const std::int64_t version = present->version.value();
    if (http::etag_listed(http::uncoded_etags(*unless), http::etag_of(version), false))
        throw Refusal(problems::stale_version, "There is a key already").with("current_version", version);
}

void record_key(Tx& tx, const Actor& by, std::string_view action, const SpringKey& key) {
    record(tx, by, {.action = action, .target = "spring-key", .details = Json::object({{"salt", key.salt.str()}})});
}

} // namespace

SpringKey get(Tx& tx) { return tx.one(get_spring_key); }

SpringKey put(Tx& tx, Actor by, Body<NewSpringKey> in, IfMatch expected, Header<"If-None-Match"> unless, Given<Vault> vault) {
    check_spring_key(*in);
    SpringKeyRow row;
    row.salt = in->salt;
    row.version = Version(1);
    row.sealed = sealed_spring_key(*vault, tx.project(), in->key);
    row.updated_by = by.subject;
    row.updated_at = tx.now();
    // Where there is none there is no row to hold: one that somebody else makes meanwhile is looked at the next time.
    for (int attempt = 0; attempt < 3; ++attempt) {
        const std::optional<SpringKey> before = tx.maybe(lock_spring_key);
        expected.check_version(before ? before->version.value() : 0);
        check_absent(unless, before);
        const std::optional<SpringKey> key = before ? tx.maybe(replace_spring_key, row) : tx.maybe(insert_spring_key, row);
        if (!key) continue;
        record_key(tx, by, "spring_key.set", *key);
        return *key;
    }
    throw Refusal(problems::conflict, "Others make and remove it too fast; try again");
}

NoContent remove(Tx& tx, Actor by, IfMatch expected) {
    const SpringKey key = expected.check(tx.one(lock_spring_key));
    tx.exec(delete_spring_key);
    record_key(tx, by, "spring_key.deleted", key);
    return {};
}

} // namespace gravity::config::spring_key
