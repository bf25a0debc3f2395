#pragma once

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

    /// For an instance that these authorities vouch for (a PEM file; empty: the standard ones). Null if the files cannot be used, which is logged once.
    std::shared_ptr<boost::asio::ssl::context> context(const std::string& ca_file);
    /// Why the files cannot be used; empty if they can.
    std::string problem(const std::string& ca_file);
    /// Looks whether files have changed: connections to come use them. What does not fit together is logged, and the former files stay in use. True: nothing is
    /// refused.
    bool renew();

private:
    struct Known {
        std::shared_ptr<boost::asio::ssl::context> context; // null: never could be used
        std::string fingerprint;                            // of the files it was made from, or could not be
        bool refused = false;                               // these files
    };
    net::TlsTrust trust_in(const std::string& ca_file) const;
    std::string fingerprint_for(const net::TlsTrust& trust) const;
    Known& known(const std::string& ca_file);
    void make(Known& known, const net::TlsTrust& trust, std::string fingerprint);

    const net::TlsTrust standard_;
    std::mutex mutex_;
    std::map<std::string, Known, std::less<>> known_; // by the authorities' file
};

} // namespace gravity::gateway
