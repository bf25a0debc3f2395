#include "spring_key_api.hpp"

#include "audit.hpp"
#include "cipher.hpp"
#include "spring_key_store.hpp"

#include <gravity/base/encoding.hpp>

namespace gravity::config::spring_key {
namespace {

constexpr std::size_t longest_spring_key = 4'096;

void check_spring_key(const NewSpringKey& in) {
    const std::string& key = in.key.reveal();
    std::vector<Refusal::Fault> faults;
    if (key.size() > longest_spring_key) faults.push_back({"/key", "must have at most " + std::to_string(longest_spring_key) + " bytes"});
    if (key.find("RSA PRIVATE KEY") != std::string::npos || key.starts_with("ssh-rsa")) faults.push_back({"/key", "must be a text, not a key of RSA"});
    if (!hex_decode(in.salt.view())) faults.push_back({"/salt", "must be hexadecimal digits, two for a byte"});
    if (!faults.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults));
}

void record_key(Tx& tx, const Actor& by, std::string_view action, const SpringKey& key) {
    record(tx, by, {.action = action, .target = "spring-key", .details = Json::object({{"salt", key.salt.str()}})});
}

} // namespace

SpringKey get(Tx& tx) { return tx.one(get_spring_key); }

SpringKey put(Tx& tx, Actor by, Body<NewSpringKey> in, IfMatch expected, Given<Vault> vault) {
    check_spring_key(*in);
    const auto before = tx.maybe(lock_spring_key);
    expected.check_version(before ? before->version.value() : 0);
    SpringKeyRow row;
    row.salt = in->salt;
    row.version = Version(1);
    row.sealed = sealed_spring_key(*vault, tx.project(), in->key);
    row.updated_by = by.subject;
    row.updated_at = tx.now();
    SpringKey key = tx.one(put_spring_key, row);
    record_key(tx, by, "spring_key.set", key);
    return key;
}

NoContent remove(Tx& tx, Actor by, IfMatch expected) {
    const SpringKey key = expected.check(tx.one(lock_spring_key));
    tx.exec(delete_spring_key);
    record_key(tx, by, "spring_key.deleted", key);
    return {};
}

} // namespace gravity::config::spring_key
