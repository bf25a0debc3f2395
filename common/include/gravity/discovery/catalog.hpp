#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/http/client.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace gravity::discovery {

/// The names of the services of an answer to GET /v1/catalog/services of the Consul HTTP API that carry the tag. Throws std::invalid_argument for another
/// document. Pure.
std::set<std::string> services_with(std::string_view tag, std::string_view document);

/// Which services there are, for whoever asks all of a kind: that it is registered is enough, it need not be passing. I/O thread only.
class Catalog {
public:
    /// `url` of discovery; empty: there is none, and no service is found.
    Catalog(boost::asio::io_context& io, std::string url, const std::optional<Secret<>>& token);

    /// Throws std::runtime_error (std::invalid_argument for an answer that is none) where discovery cannot be asked: of an old answer one could be missing.
    Task<std::set<std::string>> with_tag(std::string tag);

private:
    std::string url_, token_;
    http::Client client_;
};

} // namespace gravity::discovery
