#include "cipher.hpp"

#include "data_keys.hpp"
#include "problems.hpp"

namespace gravity::config {
namespace {

constexpr std::size_t most_cipher_faults = 50;

std::string bound_to(const ProjectId& project) { return "spring cipher " + project.to_string(); }

} // namespace

bool is_cipher(std::string_view value) { return value.starts_with(cipher_prefix); }

std::string encrypted(const Vault& vault, const ProjectId& project, std::string_view text) { return vault.seal_text(text, bound_to(project)); }

std::optional<Secret<>> decrypted(const Vault& vault, const ProjectId& project, std::string_view cipher) {
    if (is_cipher(cipher)) cipher.remove_prefix(cipher_prefix.size());
    return vault.open_text(cipher, bound_to(project));
}

void take_ciphers(Tx& tx, const Vault& vault, const ConfigSetId& set, const Items& before, Items& items) {
    Json found = Json::object();
    std::vector<Refusal::Fault> faults;
    for (const auto& [key, value] : items) {
        if (!value.is_string() || !is_cipher(value.as_string())) continue;
        const auto text = decrypted(vault, tx.project(), value.as_string());
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
