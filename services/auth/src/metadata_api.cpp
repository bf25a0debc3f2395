#include "metadata_api.hpp"

#include "config.hpp"
#include "keyring.hpp"
#include "metadata.hpp"
#include "problems.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::well_known {
namespace {

// A page of another origin may read it: it is public.
Web public_document(std::string type, std::string body, std::string etag) {
    return Web{std::move(type), std::move(body)}
        .with("ETag", std::move(etag))
        .with("Cache-Control", "public, max-age=300")
        .with("Access-Control-Allow-Origin", "*");
}

Web metadata_answer(Ctx& ctx) {
    const Metadata& metadata = ctx.get<Metadata>();
    return public_document("application/json", metadata.document, metadata.etag);
}

// "auth" of "https://example.com/auth", and "" of what has no path.
std::string_view path_of(std::string_view issuer) {
    const auto slash = issuer.find('/', issuer.find("://") + 3);
    return slash == std::string_view::npos ? std::string_view() : issuer.substr(slash + 1);
}

} // namespace

Task<Web> authorization_server(Ctx& ctx) { co_return metadata_answer(ctx); }
Task<Web> authorization_server_of(Ctx& ctx, Path<"issuer", std::string> issuer) {
    if (*issuer != path_of(ctx.get<Settings>().public_url.view())) throw Refusal(problems::not_found);
    co_return metadata_answer(ctx);
}
Task<Web> openid_configuration(Ctx& ctx) { co_return metadata_answer(ctx); }

Task<Web> jwks(Ctx& ctx) {
    const auto keys = ctx.get<Keyring>().now();
    if (!keys) throw Refusal(keys_not_ready).with_header("Retry-After", "1");
    co_return public_document("application/json", keys->jwks, keys->etag); // RFC 7517 section 8.5.2 has jwk-set+json; providers and clients have this
}

} // namespace gravity::issuer::well_known
