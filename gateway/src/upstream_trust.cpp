#include "upstream_trust.hpp"

#include "route_folder.hpp"

#include <gravity/log/log.hpp>
#include <gravity/net/tls_context.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <new>

namespace gravity::gateway {

std::shared_ptr<boost::asio::ssl::context> UpstreamTrust::context(const Authorities& authorities) {
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = known_.try_emplace(authorities);
    if (is_new) make(at->second, authorities, fingerprint_for(authorities));
    return at->second.context;
}

std::string UpstreamTrust::problem(const Authorities& authorities) const {
    try {
        make(authorities);
        return {};
    } catch (const boost::system::system_error& error) {
        return error.what();
    }
}

void UpstreamTrust::follow(const TlsPolicies& policies) {
    const auto named = [&](const Authorities& authorities) {
        return std::any_of(policies.all().begin(), policies.all().end(), [&](const TlsPolicy& policy) { return policy.tls.authorities == authorities; });
    };
    const std::lock_guard lock(mutex_);
    std::erase_if(known_, [&](const auto& one) { return !one.first.text.empty() && !named(one.first); });
}

bool UpstreamTrust::renew() {
    const std::lock_guard lock(mutex_);
    bool fine = true;
    for (auto& [authorities, one] : known_) {
        if (std::string now = fingerprint_for(authorities); now != one.fingerprint) make(one, authorities, std::move(now));
        fine = fine && !one.refused;
    }
    return fine;
}

net::TlsTrust UpstreamTrust::trust_in(const Authorities& authorities) const {
    net::TlsTrust trust = standard_;
    if (authorities.system || !authorities.text.empty()) trust.ca_file.clear();
    else if (!authorities.file.empty()) trust.ca_file = authorities.file;
    return trust;
}

std::shared_ptr<boost::asio::ssl::context> UpstreamTrust::make(const Authorities& authorities) const {
    auto context = net::client_context(trust_in(authorities));
    if (authorities.text.empty()) return context;
    // Those and no others: the machine's own go with the store that held them.
    X509_STORE* const store = X509_STORE_new();
    if (!store) throw std::bad_alloc();
    SSL_CTX_set_cert_store(context->native_handle(), store);
    boost::system::error_code error;
    context->add_certificate_authority(boost::asio::buffer(authorities.text), error);
    if (error) throw boost::system::system_error(error, "TLS certificate authorities of a document");
    return context;
}

std::string UpstreamTrust::fingerprint_for(const Authorities& authorities) const {
    const net::TlsTrust trust = trust_in(authorities);
    std::string all;
    for (const std::string* file : {&trust.ca_file, &trust.certificate_chain_file, &trust.private_key_file})
        if (!file->empty()) all += fingerprint_of(*file) + "\n";
    return all;
}

void UpstreamTrust::make(Known& known, const Authorities& authorities, std::string fingerprint) {
    known.fingerprint = std::move(fingerprint);
    try {
        known.context = make(authorities);
        known.refused = false;
    } catch (const boost::system::system_error& error) {
        known.refused = true;
        log::error("the files for TLS to instances cannot be used", {{"reason", error.what()}});
    }
}

} // namespace gravity::gateway
