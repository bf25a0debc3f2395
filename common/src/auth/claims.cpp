#include <gravity/auth/claims.hpp>
#include <gravity/base/encoding.hpp>
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

std::string json_text(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

/// An object member by member, those without a value left out. A payload is written for each token: a tree of it would take a tenth of the signature's time.
class Members {
public:
    bool empty() const { return out_.size() == 1; }
    void text(std::string_view name, std::string_view value) {
        if (value.empty()) return;
        begin(name);
        append_json_string(out_, value);
    }
    void texts(std::string_view name, const std::vector<std::string>& values) {
        if (values.empty()) return;
        begin(name);
        char before = '[';
        for (const std::string& value : values) {
            out_ += before;
            append_json_string(out_, value);
            before = ',';
        }
        out_ += ']';
    }
    void time(std::string_view name, const std::optional<std::int64_t>& value) {
        if (value) json(name, std::to_string(*value));
    }
    void json(std::string_view name, std::string_view value) {
        begin(name);
        out_ += value;
    }
    std::string done() && {
        out_ += '}';
        return std::move(out_);
    }

private:
    void begin(std::string_view name) { // of letters, which stand for themselves
        if (!empty()) out_ += ',';
        out_ += '"';
        out_ += name;
        out_ += "\":";
    }
    std::string out_ = "{";
};

/// Who acts for whom, the first outermost (RFC 8693 section 4.1).
std::string chain_of(const std::vector<std::string>& actors) {
    std::string chain;
    for (auto actor = actors.rbegin(); actor != actors.rend(); ++actor) {
        Members outer;
        if (!chain.empty()) outer.json("act", chain);
        outer.json("sub", json_text(*actor)); // also one without a name
        chain = std::move(outer).done();
    }
    return chain;
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
    // Other issuers may mean something else by it.
    if (const Json* const plan = payload.find("plan"); plan && plan->is_string()) claims.plan = plan->as_string();
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
    Members payload; // in the order of their names
    payload.text("acr", claims.acr);
    if (!claims.actors.empty()) payload.json("act", chain_of(claims.actors));
    payload.texts("amr", claims.amr);
    if (claims.audience.size() == 1) {
        payload.text("aud", claims.audience.front());
    } else {
        payload.texts("aud", claims.audience);
    }
    payload.time("auth_time", claims.auth_time);
    payload.text("client_id", claims.client);
    Members confirmation;
    confirmation.text("jkt", claims.key_thumbprint);
    confirmation.text("x5t#S256", claims.certificate_thumbprint);
    if (!confirmation.empty()) payload.json("cnf", std::move(confirmation).done());
    payload.text("env", claims.environment);
    payload.time("exp", claims.expires_at);
    payload.time("iat", claims.issued_at);
    payload.text("iss", claims.issuer);
    payload.text("jti", claims.id);
    payload.time("nbf", claims.not_before);
    payload.text("plan", claims.plan);
    if (claims.project.is_set()) payload.text("project", claims.project.to_string());
    payload.texts("roles", claims.roles);
    std::string scope;
    for (const std::string& token : claims.scopes) scope += (scope.empty() ? "" : " ") + token;
    payload.text("scope", scope);
    payload.text("sid", claims.session);
    payload.text("sub", claims.subject);
    return std::move(payload).done();
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
