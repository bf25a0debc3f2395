#include "git_secrets.hpp"

#include "git_store.hpp"

#include <gravity/base/problem.hpp>

namespace gravity::config {
namespace {

std::optional<Secret<>> open_sealed(const Vault& vault, const std::string& sealed, const GitSourceId& source) {
    try {
        return vault.open_text(sealed, git_bound_to(source));
    } catch (const Refusal&) { // there is no master key
        return std::nullopt;
    }
}

} // namespace

std::string git_bound_to(const GitSourceId& source) { return "git source " + source.to_string(); }

void see_credentials(GitSource& source, const GitCredentials& credentials) {
    source.signs_in_by = std::nullopt;
    if (credentials.password) source.signs_in_by = GitSignIn::password;
    if (credentials.private_key) source.signs_in_by = GitSignIn::private_key;
    source.username = credentials.username ? std::optional<std::string>(credentials.username->str()) : std::nullopt;
    source.known_hosts = credentials.known_hosts ? std::optional<std::string>(credentials.known_hosts->str()) : std::nullopt;
}

void keep_credentials(Tx& tx, const Vault& vault, const GitSourceId& source, const GitCredentials& credentials) {
    const std::optional<Secret<>>& secret = credentials.private_key ? credentials.private_key : credentials.password;
    if (secret)
        tx.exec(put_git_credentials, {source, vault.seal_text(secret->reveal(), git_bound_to(source))});
    else
        tx.exec(delete_git_credentials, source);
}

GitSecret open_credentials(Tx& tx, const Vault& vault, const GitSource& source) {
    GitSecret secret;
    if (!source.signs_in_by) return secret;
    const auto sealed = tx.maybe(get_git_credentials, source.id);
    auto opened = sealed ? open_sealed(vault, *sealed, source.id) : std::nullopt;
    if (!opened) throw GitFault("its credentials do not open: the master key is missing, or another");
    (*source.signs_in_by == GitSignIn::private_key ? secret.private_key : secret.password) = *std::move(opened);
    return secret;
}

} // namespace gravity::config
