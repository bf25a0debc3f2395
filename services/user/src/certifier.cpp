#include "certifier.hpp"

#include <gravity/auth/signer.hpp>

#include <stdexcept>

namespace gravity::user {

struct Certifier::Key {
    auth::Signer signer;
};

Certifier::Certifier(const std::optional<Secret<>>& pem) {
    if (!pem) return;
    auto signer = auth::Signer::from_pem(pem->reveal());
    if (!signer || signer->algorithm() != auth::Algorithm::eddsa)
        throw std::invalid_argument("setting USER_CERTIFICATE_KEY must be a private key of Ed25519 in PEM, not encrypted");
    key_ = std::make_unique<Key>(Key{*std::move(signer)});
}
Certifier::~Certifier() = default;

std::optional<std::string> Certifier::sign(const Certificate& certificate) const {
    if (!key_) return std::nullopt;
    return key_->signer.token(json::encode(certificate), "erasure-certificate+jwt");
}

Json Certifier::keys() const {
    if (!key_) return Json::object({{"keys", Json::array()}});
    return Json::parse(key_->signer.jwks()).or_throw();
}

bool Certifier::signs() const { return bool(key_); }

} // namespace gravity::user
