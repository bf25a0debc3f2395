#include <gravity/auth/claims.hpp>
#include <gravity/base/scope.hpp>
#include <gravity/json/json.hpp>

#include <cmath>

namespace gravity::auth {
namespace {

constexpr std::size_t max_items = 256;          // of any list claim
constexpr std::size_t max_actors = 8;           // a longer chain of delegation is an error or an attack
constexpr double last_second = 253'402'300'799; // 9999-12-31T23:59:59Z, so that sums with it stay far from overflow

/// Reads claims one by one; the first of a wrong shape is remembered and makes the whole payload malformed.
class Reader {
public:
    bool failed() const { return failed_; }

    std::string text(const Json* value) {
        if (!value) return {};
        if (value->is_string()) return value->as_string();
        failed_ = true;
        return {};
    }

    std::vector<std::string> texts(const Json* value) {
        std::vector<std::string> out;
        if (!value) return out;
        if (!value->is_array() || value->size() > max_items) {
            failed_ = true;
            return out;
        }
        for (const Json& item : value->as_array()) out.push_back(text(&item));
        return out;
    }

    /// A NumericDate (RFC 7519 section 2), which may have a fraction; of that the second is kept.
    std::optional<std::int64_t> time(const Json* value) {
        if (!value) return std::nullopt;
        const bool number = value->kind() == Json::Kind::integer || value->kind() == Json::Kind::number;
        if (!number || !(value->as_number() >= 0 && value->as_number() <= last_second)) {
            failed_ = true;
            return std::nullopt;
        }
        return static_cast<std::int64_t>(std::floor(value->as_number()));
    }

    /// `aud` and some providers' `scope`: one text, or an array of them.
    std::vector<std::string> text_or_texts(const Json* value) {
        if (value && value->is_string()) return {value->as_string()};
        return texts(value);
    }

    ProjectId project(const Json* value) {
        if (!value) return {};
        const auto parsed = ProjectId::parse(text(value));
        if (!parsed || !parsed->is_set()) {
            failed_ = true;
            return {};
        }
        return *parsed;
    }

    std::vector<std::string> scopes(const Json* value) {
        std::string joined;
        for (const std::string& item : text_or_texts(value)) joined += item + ' ';
        auto parsed = parse_scopes(joined);
        if (!parsed) {
            failed_ = true;
            return {};
        }
        return *std::move(parsed);
    }

    std::vector<std::string> actors(const Json* value) {
        std::vector<std::string> out;
        for (; value; value = value->find("act")) {
            if (!value->is_object() || out.size() == max_actors || !value->find("sub")) {
                failed_ = true;
                return {};
            }
            out.push_back(text(value->find("sub")));
        }
        return out;
    }

private:
    bool failed_ = false;
};

Json list(const std::vector<std::string>& texts) {
    Json::Array array;
    for (const std::string& text : texts) array.emplace_back(text);
    return Json(std::move(array));
}

} // namespace

Result<Claims> claims_from(const Json& payload, const ClaimPlaces& places) {
    if (!payload.is_object()) return VerifyError::malformed;
    Reader read;
    Claims claims;
    claims.issuer = read.text(payload.find("iss"));
    claims.audience = read.text_or_texts(payload.find("aud"));
    claims.subject = read.text(payload.find("sub"));
    const auto expires_at = read.time(payload.find("exp"));
    claims.not_before = read.time(payload.find("nbf"));
    claims.issued_at = read.time(payload.find("iat"));
    claims.id = read.text(payload.find("jti"));
    claims.project = read.project(payload.at_pointer(places.project));
    claims.environment = read.text(payload.find("env"));
    claims.scopes = read.scopes(payload.at_pointer(places.scope));
    claims.roles = read.texts(payload.at_pointer(places.roles));
    claims.session = read.text(payload.find("sid"));
    claims.client = read.text(payload.find("client_id"));
    claims.actors = read.actors(payload.find("act"));
    claims.acr = read.text(payload.find("acr"));
    claims.amr = read.texts(payload.find("amr"));
    claims.auth_time = read.time(payload.find("auth_time"));
    if (const Json* confirmation = payload.find("cnf")) {
        if (!confirmation->is_object()) return VerifyError::malformed;
        claims.key_thumbprint = read.text(confirmation->find("jkt"));
        claims.certificate_thumbprint = read.text(confirmation->find("x5t#S256"));
        // A binding that is not understood must not be treated as none: the token would pass from whoever stole it.
        if (claims.key_thumbprint.empty() && claims.certificate_thumbprint.empty()) return VerifyError::malformed;
    }
    if (read.failed()) return VerifyError::malformed;
    if (claims.issuer.empty() || claims.audience.empty() || claims.subject.empty() || !expires_at)
        return VerifyError::missing_claim;
    claims.expires_at = *expires_at;
    return claims;
}

std::string to_json(const Claims& claims) {
    Json::Object payload;
    const auto text = [&](const char* name, const std::string& value) {
        if (!value.empty()) payload.emplace(name, value);
    };
    const auto texts = [&](const char* name, const std::vector<std::string>& value) {
        if (!value.empty()) payload.emplace(name, list(value));
    };
    const auto time = [&](const char* name, const std::optional<std::int64_t>& value) {
        if (value) payload.emplace(name, *value);
    };
    text("iss", claims.issuer);
    if (claims.audience.size() == 1) {
        text("aud", claims.audience.front());
    } else {
        texts("aud", claims.audience);
    }
    text("sub", claims.subject);
    time("exp", claims.expires_at);
    time("nbf", claims.not_before);
    time("iat", claims.issued_at);
    text("jti", claims.id);
    if (claims.project.is_set()) text("project", claims.project.to_string());
    text("env", claims.environment);
    std::string scope;
    for (const std::string& token : claims.scopes) scope += (scope.empty() ? "" : " ") + token;
    text("scope", scope);
    texts("roles", claims.roles);
    text("sid", claims.session);
    text("client_id", claims.client);
    std::optional<Json> act;
    for (auto actor = claims.actors.rbegin(); actor != claims.actors.rend(); ++actor) {
        Json outer = Json::object({{"sub", *actor}});
        if (act) outer["act"] = *std::move(act);
        act = std::move(outer);
    }
    if (act) payload.emplace("act", *std::move(act));
    text("acr", claims.acr);
    texts("amr", claims.amr);
    time("auth_time", claims.auth_time);
    Json::Object confirmation;
    if (!claims.key_thumbprint.empty()) confirmation.emplace("jkt", claims.key_thumbprint);
    if (!claims.certificate_thumbprint.empty()) confirmation.emplace("x5t#S256", claims.certificate_thumbprint);
    if (!confirmation.empty()) payload.emplace("cnf", std::move(confirmation));
    return Json(std::move(payload)).dump();
}

Caller caller_of(const Claims& claims) {
    Caller caller;
    caller.subject = claims.subject;
    caller.project = claims.project;
    caller.scopes = claims.scopes;
    caller.roles = claims.roles;
    caller.session = claims.session;
    if (!claims.actors.empty()) caller.actor = claims.actors.front();
    caller.expires_at = claims.expires_at;
    return caller;
}

} // namespace gravity::auth
