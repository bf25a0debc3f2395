#pragma once

#include "git_fetch.hpp"
#include "secrets.hpp"

namespace gravity {
class Tx;
}

/// What git sources sign in with, sealed under the master key and bound to the source.
namespace gravity::config {

/// What its sealed credentials are bound to.
std::string git_bound_to(const GitSourceId& source);

/// Says in a source what may be seen of its credentials; its row is written by the caller.
void see_credentials(GitSource& source, const GitCredentials& credentials);
/// Keeps what is secret of them, of a source that is there already; without a password and a key it has none any more. Refuses with 503 without a master key.
void keep_credentials(Tx& tx, const Vault& vault, const GitSourceId& source, const GitCredentials& credentials);

/// Opens them. Throws GitFault where they do not open.
GitSecret open_credentials(Tx& tx, const Vault& vault, const GitSource& source);

} // namespace gravity::config
