#pragma once

#include "names.hpp"

#include <gravity/base/secret.hpp>

/// The key of a Spring Cloud Config server whose ciphers a project takes over.
namespace gravity::config {

/// As that server has it in `encrypt.key` and `encrypt.salt`, or the private key of its key store in PEM.
struct NewSpringKey {
    Secret<> key;
    Text<2, 128> salt = "deadbeef";
};
BOOST_DESCRIBE_STRUCT(NewSpringKey, (), (key, salt))

/// What is shown of it.
struct SpringKey {
    Text<2, 128> salt;
    Version version;
    std::string updated_by;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(SpringKey, (), (salt, version, updated_by, updated_at))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::NewSpringKey> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"key", "`encrypt.key`, a text of at most 4,096 bytes, or a private key of RSA in PEM"},
        {"salt", "`encrypt.salt`, hexadecimal digits"},
    };
};

GRAVITY_TABLES(config, NewSpringKey, SpringKey)
