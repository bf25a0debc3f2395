#pragma once

#include "git_domain.hpp"

#include <gravity/http/address_policy.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

/// Repositories of others, by the program git.
namespace gravity::config {

/// Why nothing came: for whoever asked.
struct GitFault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct GitOptions {
    std::vector<std::string> schemes{"https", "ssh"}; // that may be asked
    http::AddressPolicy policy;                       // which addresses
    std::chrono::seconds patience{60};                // for all of it
};

/// What a source signs in with, in the clear.
struct GitSecret {
    std::optional<Secret<>> password;
    std::optional<Secret<>> private_key;
};

struct GitFile {
    std::string path;
    GitFileName name;
    std::string content;
};

/// What a commit has for a source.
struct GitPulled {
    std::string commit;
    std::vector<GitFile> files; // each for another config set
};

/// Throws GitFault where the address is one that may not be asked: of another scheme, or of a host that has an address which is not public and not allowed.
/// Looks its name up; blocks.
void check_git_url(const GitUrl& url, const GitOptions& options);

/// Fetches one commit, without history, into a directory that is gone afterwards, without checking it out; with `allowed_signers` only one that is signed by
/// one of them. The addresses that were judged are those that git connects to, and it follows no redirect. A password is in the environment of the one call
/// of git that needs it, a private key in memory that has no name in any file system; neither is in arguments, in a file, or in a fault. Without files if the
/// commit is `known` already. Throws GitFault. Blocks, for as long as `patience`.
GitPulled pull_from_git(const GitSource& source, const GitSecret& secret, const std::optional<std::string>& known, const GitOptions& options);

} // namespace gravity::config
