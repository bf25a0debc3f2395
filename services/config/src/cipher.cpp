#include "cipher.hpp"

#include "data_keys.hpp"
#include "problems.hpp"
#include "spring_cipher.hpp"
#include "spring_key_store.hpp"

#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>

namespace gravity::config {
namespace {

constexpr std::size_t most_cipher_faults = 50;

std::string bound_to(const ProjectId& project) { return "spring cipher " + project.to_string(); }

constexpr int most_pair_ciphers = 1'000; // of one set at once: each takes some milliseconds

/// The project's key for ciphers of a Spring server, if it has one: a text or a key pair.
struct SpringOpener {
    std::optional<SpringCipherKey> by_text;
    std::optional<SpringKeyPair> by_pair;
};

SpringOpener spring_opener(Tx& tx, const Vault& vault) {
    SpringOpener opener;
    const auto row = tx.maybe(read_spring_key);
    if (!row) return opener;
    const auto key = vault.open_text(row->sealed, spring_key_bound_to(tx.project()));
    if (!key) {
        log::error("the key of a Spring server does not open", {{"project", tx.project().to_string()}});
        throw Refusal(secrets_unavailable);
    }
    const std::string salt = hex_decode(row->salt.view()).value_or(std::string());
    if (is_spring_pair(key->reveal())) {
        auto pair = SpringKeyPair::parse(*key, salt);
        if (pair) opener.by_pair = *std::move(pair);
    }
    if (!opener.by_pair) opener.by_text = SpringCipherKey(*key, salt); // whatever it looks like
    return opener;
}

/// "{cipher}{key:main}{name:shop}682bc5..." without what stands in braces, which names keys of a Spring server that has several.
std::string_view without_names(std::string_view cipher) {
    while (cipher.starts_with('{')) {
        const auto end = cipher.find('}');
        if (end == std::string_view::npos) break;
        cipher.remove_prefix(end + 1);
    }
    return cipher;
}

/// Opens ciphers of one request. The project's key is read and derived once, and only if there is something that it could open.
class CipherReader {
public:
    CipherReader(Tx& tx, const Vault& vault, SpringCiphers springs) : tx_(tx), vault_(vault), springs_(springs) {}

    std::optional<Secret<>> open(std::string_view cipher) {
        auto own = decrypted(vault_, tx_.project(), cipher);
        if (own || springs_ == SpringCiphers::refused) return own;
        const std::string_view letters = without_names(cipher);
        const bool of_text = is_spring_cipher(letters);
        if (!of_text && !is_spring_pair_cipher(letters)) return std::nullopt;
        if (!opener_) opener_ = spring_opener(tx_, vault_);
        if (of_text) return opener_->by_text ? opener_->by_text->open(letters) : std::nullopt;
        if (!opener_->by_pair) return std::nullopt;
        if (++pair_ciphers_ > most_pair_ciphers)
            throw Refusal(problems::invalid, "At most " + std::to_string(most_pair_ciphers) + " ciphers of a key pair are opened at once");
        return opener_->by_pair->open(letters);
    }

private:
    Tx& tx_;
    const Vault& vault_;
    SpringCiphers springs_;
    std::optional<SpringOpener> opener_; // once it is needed
    int pair_ciphers_ = 0;
};

} // namespace

bool is_cipher(std::string_view value) { return value.starts_with(cipher_prefix); }

std::string encrypted(const Vault& vault, const ProjectId& project, std::string_view text) { return vault.seal_text(text, bound_to(project)); }

std::optional<Secret<>> decrypted(const Vault& vault, const ProjectId& project, std::string_view cipher) {
    if (is_cipher(cipher)) cipher.remove_prefix(cipher_prefix.size());
    return vault.open_text(cipher, bound_to(project));
}

std::string spring_key_bound_to(const ProjectId& project) { return "spring key " + project.to_string(); }

std::string sealed_spring_key(const Vault& vault, const ProjectId& project, const Secret<>& key) {
    return vault.seal_text(key.reveal(), spring_key_bound_to(project));
}

std::optional<Secret<>> spring_decrypted(Tx& tx, const Vault& vault, std::string_view cipher) {
    return CipherReader(tx, vault, SpringCiphers::taken).open(cipher);
}

void take_ciphers(Tx& tx, const Vault& vault, const ConfigSetId& set, const Items& before, Items& items, SpringCiphers springs) {
    Json found = Json::object();
    std::vector<Refusal::Fault> faults;
    CipherReader ciphers(tx, vault, springs);
    for (const auto& [key, value] : items) {
        if (!value.is_string() || !is_cipher(value.as_string())) continue;
        const auto text = ciphers.open(value.as_string());
        if (text)
            found[key] = text->reveal();
        else if (faults.size() < most_cipher_faults)
            faults.push_back({pointer_to_item(key), "is no cipher that opens here"});
    }
    if (!faults.empty()) throw Refusal(problems::invalid).with_faults(std::move(faults));
    if (found.size() == 0) return;
    for (const auto& [key, text] : found.as_object())
        if (const auto was = before.find(key); was != before.end() && is_secret(was->second)) items[key] = was->second;
    apply_secrets(tx, vault, set, items, found);
}

} // namespace gravity::config
