#pragma once

#include "keys_model.hpp"

#include <gravity/auth/keys.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/auth/signer.hpp>

#include <map>
#include <memory>
#include <mutex>

/// The signing keys in memory: what answers while the database is away.
namespace gravity::issuer {

/// The keys at one moment. Immutable; any thread.
struct KeysNow {
    std::map<SigningAlgorithm, auth::Signer> active;
    auth::KeySet published;
    std::string jwks; // document of `published`
    std::string etag; // its entity tag, quoted

    /// Null if no key of the algorithm signs at the moment.
    const auth::Signer* signer(SigningAlgorithm alg) const;
};

/// Any thread.
class Keyring {
public:
    explicit Keyring(const auth::MasterKeys& sealing) : sealing_(sealing) {}

    /// Null before the first `load`.
    std::shared_ptr<const KeysNow> now() const;
    /// Takes rows as they were at `revision`; older ones than it has are left alone. Throws std::runtime_error if a key cannot be opened.
    void load(const std::vector<StoredKey>& rows, std::int64_t revision);
    /// The row of a fresh key pair.
    StoredKey fresh(SigningAlgorithm alg, KeyState state, Timestamp created_at, Timestamp activates_at) const;

private:
    const auth::MasterKeys& sealing_;
    mutable std::mutex mutex_;
    std::shared_ptr<const KeysNow> now_;
    std::int64_t revision_ = -1;
};

auth::Algorithm algorithm_of(SigningAlgorithm alg);

} // namespace gravity::issuer
