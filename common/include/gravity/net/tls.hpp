#pragma once

#include <string>

/// TLS settings as values; the contexts made from them are private to `common`.
namespace gravity::net {

/// What a server shows: PEM files. TLS 1.2 or newer.
struct TlsFiles {
    std::string certificate_chain_file; // leaf first
    std::string private_key_file;       // not encrypted
};

/// What a client believes.
struct TlsTrust {
    std::string ca_file;          // PEM; empty: the system's store
    bool verify_peer = true;      // chain and host name (RFC 9110 section 4.3.4); false only for tests
    std::string certificate_chain_file; // client certificate; empty: none
    std::string private_key_file;
};

} // namespace gravity::net
