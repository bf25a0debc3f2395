#include "upstream_trust.hpp"

#include "route_folder.hpp"

#include <gravity/log/log.hpp>
#include <gravity/net/tls_context.hpp>

#include <boost/system/system_error.hpp>

namespace gravity::gateway {

std::shared_ptr<boost::asio::ssl::context> UpstreamTrust::context(const std::string& ca_file) {
    const std::lock_guard lock(mutex_);
    return known(ca_file).context;
}

std::string UpstreamTrust::problem(const std::string& ca_file) {
    try {
        net::client_context(trust_in(ca_file));
        return {};
    } catch (const boost::system::system_error& error) {
        return error.what();
    }
}

bool UpstreamTrust::renew() {
    const std::lock_guard lock(mutex_);
    bool fine = true;
    for (auto& [ca_file, one] : known_) {
        const net::TlsTrust trust = trust_in(ca_file);
        if (std::string now = fingerprint_for(trust); now != one.fingerprint) make(one, trust, std::move(now));
        fine = fine && !one.refused;
    }
    return fine;
}

net::TlsTrust UpstreamTrust::trust_in(const std::string& ca_file) const {
    net::TlsTrust trust = standard_;
    if (!ca_file.empty()) trust.ca_file = ca_file;
    return trust;
}

std::string UpstreamTrust::fingerprint_for(const net::TlsTrust& trust) const {
    std::string all;
    for (const std::string* file : {&trust.ca_file, &trust.certificate_chain_file, &trust.private_key_file})
        if (!file->empty()) all += fingerprint_of(*file) + "\n";
    return all;
}

UpstreamTrust::Known& UpstreamTrust::known(const std::string& ca_file) {
    const auto [at, is_new] = known_.try_emplace(ca_file);
    if (is_new) {
        const net::TlsTrust trust = trust_in(ca_file);
        make(at->second, trust, fingerprint_for(trust));
    }
    return at->second;
}

void UpstreamTrust::make(Known& known, const net::TlsTrust& trust, std::string fingerprint) {
    known.fingerprint = std::move(fingerprint);
    try {
        known.context = net::client_context(trust);
        known.refused = false;
    } catch (const boost::system::system_error& error) {
        known.refused = true;
        log::error("the files for TLS to instances cannot be used", {{"reason", error.what()}});
    }
}

} // namespace gravity::gateway
