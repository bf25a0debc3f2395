#include "keyring.hpp"

#include "keys_domain.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <stdexcept>

namespace gravity::issuer {
namespace {

// A row that another's key was put into is refused.
auth::Signer opened(const StoredKey& row, const auth::MasterKeys& sealing) {
    const auto pem = sealing.open(row.private_sealed.value_or(""), row.kid.view());
    if (!pem) throw std::runtime_error("signing key " + row.kid.str() + " " + pem.why());
    const auto signer = auth::Signer::from_pem(pem->reveal(), row.kid.str());
    if (!signer) throw std::runtime_error("signing key " + row.kid.str() + " " + signer.why());
    if (signer->algorithm() != algorithm_of(row.alg) || signer->public_key().thumbprint() != row.kid.view())
        throw std::runtime_error("signing key " + row.kid.str() + " is another key than its id says");
    return *signer;
}

auth::PublicKey public_part(const StoredKey& row) {
    const auto key = auth::PublicKey::from_jwk(row.public_jwk);
    if (!key) throw std::runtime_error("the public part of signing key " + row.kid.str() + " " + key.why());
    return *key;
}

} // namespace

auth::Algorithm algorithm_of(SigningAlgorithm alg) {
    switch (alg) {
    case SigningAlgorithm::es256: return auth::Algorithm::es256;
    case SigningAlgorithm::eddsa: return auth::Algorithm::eddsa;
    case SigningAlgorithm::rs256: return auth::Algorithm::rs256;
    }
    throw std::logic_error("no such algorithm");
}

const auth::Signer* KeysNow::signer(SigningAlgorithm alg) const {
    const auto found = active.find(alg);
    return found == active.end() ? nullptr : &found->second;
}

std::shared_ptr<const KeysNow> Keyring::now() const {
    const std::lock_guard lock(mutex_);
    return now_;
}

void Keyring::load(const std::vector<StoredKey>& rows, std::int64_t revision) {
    {
        const std::lock_guard lock(mutex_);
        if (revision <= revision_) return;
    }
    auto fresh = std::make_shared<KeysNow>();
    std::vector<auth::PublicKey> published_keys;
    for (const StoredKey& row : rows) {
        if (!published(row.state)) continue;
        published_keys.push_back(public_part(row));
        if (row.state == KeyState::active) fresh->active.emplace(row.alg, opened(row, sealing_));
    }
    fresh->published = auth::KeySet(std::move(published_keys));
    fresh->jwks = fresh->published.document();
    fresh->etag = '"' + hex_encode(sha256(fresh->jwks)).substr(0, 32) + '"';
    const std::lock_guard lock(mutex_);
    if (revision <= revision_) return;
    now_ = std::move(fresh);
    revision_ = revision;
}

StoredKey Keyring::fresh(SigningAlgorithm alg, KeyState state, Timestamp created_at, Timestamp activates_at) const {
    const auth::Signer signer = auth::Signer::generate(algorithm_of(alg));
    StoredKey row;
    row.kid = Kid::parse(signer.kid()).or_throw();
    row.alg = alg;
    row.state = state;
    row.public_jwk = Json::parse(signer.public_key().jwk()).or_throw();
    row.created_at = created_at;
    row.activates_at = activates_at;
    row.private_sealed = sealing_.seal(signer.pem().reveal(), signer.kid());
    return row;
}

} // namespace gravity::issuer
