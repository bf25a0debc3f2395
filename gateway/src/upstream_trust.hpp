#pragma once

#include "tls_policy.hpp"

#include <gravity/net/tls.hpp>

#include <boost/asio/ssl/context.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace gravity::gateway {

/// What certificates of instances are held against, and what is shown to those that want to know who calls. Contexts are made from the files when they are
/// first needed, and anew when a file changes. Any thread.
class UpstreamTrust {
public:
    /// `standard`: where a route names no authorities of its own, and the certificate that is shown.
    explicit UpstreamTrust(net::TlsTrust standard) : standard_(std::move(standard)) {}

    /// For an instance that these authorities vouch for. Null if the files cannot be used, which is logged once.
    std::shared_ptr<boost::asio::ssl::context> context(const Authorities& authorities);
    /// Why these authorities, or the certificate that is shown, cannot be used; empty if they can.
    std::string problem(const Authorities& authorities) const;
    /// Forgets the authorities of documents that are there no longer. Connections that were made with them go on.
    void follow(const TlsPolicies& policies);
    /// Looks whether files have changed: connections to come use them. What does not fit together is logged, and the former files stay in use. True: nothing is
    /// refused.
    bool renew();

private:
    struct Known {
        std::shared_ptr<boost::asio::ssl::context> context; // null: never could be used
        std::string fingerprint;                            // of the files it was made from, or could not be
        bool refused = false;                               // these files
    };
    net::TlsTrust trust_in(const Authorities& authorities) const;
    std::shared_ptr<boost::asio::ssl::context> make(const Authorities& authorities) const;
    std::string fingerprint_for(const Authorities& authorities) const;
    void make(Known& known, const Authorities& authorities, std::string fingerprint);

    const net::TlsTrust standard_;
    std::mutex mutex_;
    std::map<Authorities, Known> known_;
};

} // namespace gravity::gateway
