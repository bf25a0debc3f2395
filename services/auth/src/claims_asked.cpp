#include "claims_asked.hpp"

#include "acr.hpp"
#include "among.hpp"
#include "authorize_domain.hpp"

#include <gravity/base/scope.hpp>

namespace gravity::issuer {
namespace {

constexpr std::size_t longest_claims = 4096;

struct ClaimOfScope {
    std::string_view claim, scope;
};
constexpr ClaimOfScope claims_of_scopes[] = {{"email", "email"},
                                             {"email_verified", "email"},
                                             {"phone_number", "phone"},
                                             {"phone_number_verified", "phone"},
                                             {"preferred_username", "profile"},
                                             {"roles", "roles"}};

AuthorizeError bad_claims(std::string_view why) { return {"invalid_request", "claims " + std::string(why)}; }

std::string_view scope_that_tells(std::string_view claim) {
    for (const ClaimOfScope& known : claims_of_scopes)
        if (known.claim == claim) return known.scope;
    return {};
}

bool wants_id_token(const oauth::Form& form) {
    const std::string* const scope = form.find("scope");
    if (scope == nullptr) return false;
    const auto listed = parse_scopes(*scope);
    return listed && among(*listed, "openid");
}

// What there is of a claim: null, or how it is wanted.
bool is_essential(const Json& how) {
    if (how.is_null()) return false;
    if (!how.is_object()) throw bad_claims("has a claim that is neither null nor an object");
    const Json* const essential = how.find("essential");
    if (essential == nullptr) return false;
    if (essential->kind() != Json::Kind::boolean) throw bad_claims("has an essential that is neither true nor false");
    return essential->as_bool();
}

const std::string& claim_text(const Json& value) {
    if (!value.is_string()) throw bad_claims("has a value of sub or acr that is no text");
    return value.as_string();
}

// Those that will do; none: any.
std::vector<std::string> values_wanted(const Json& how) {
    std::vector<std::string> values;
    if (how.is_null()) return values;
    if (const Json* const value = how.find("value")) values.push_back(claim_text(*value));
    const Json* const list = how.find("values");
    if (list == nullptr) return values;
    if (!list->is_array()) throw bad_claims("has values that are no list");
    for (const Json& value : list->as_array()) values.push_back(claim_text(value));
    return values;
}

void take_subject(ClaimsAsked& asked, const Json& how) {
    for (const std::string& value : values_wanted(how)) {
        if (asked.subject && *asked.subject != value) throw bad_claims("asks for more than one sub");
        asked.subject = value;
    }
}

// As acr_values, but that one may insist (section 5.5.1.1).
void take_acr(ClaimsAsked& asked, const Json& how) {
    const auto values = values_wanted(how);
    const bool one = among(values, acr_one), two = among(values, acr_two);
    if (is_essential(how) && !values.empty() && !one && !two)
        throw AuthorizeError("unmet_authentication_requirements", "No acr that claims insists on is one of this provider");
    asked.two_factors = two && !one;
}

void take_claims(ClaimsAsked& asked, const Json& wanted, bool in_id_token) {
    if (!wanted.is_object()) throw bad_claims("has an id_token or userinfo that is no object");
    for (const auto& [name, how] : wanted.as_object()) {
        is_essential(how); // or it is malformed
        if (name == "sub") take_subject(asked, how);
        if (name == "acr" && in_id_token) take_acr(asked, how);
        const std::string_view scope = scope_that_tells(name);
        if (scope.empty()) continue;
        if (!among(asked.scopes, scope)) asked.scopes.emplace_back(scope);
        if (in_id_token) asked.id_token.push_back(name);
    }
}

} // namespace

ClaimsAsked claims_asked(const oauth::Form& form) {
    ClaimsAsked asked;
    const std::string* const text = form.find("claims");
    if (text == nullptr || !wants_id_token(form)) return asked;
    if (text->size() > longest_claims) throw bad_claims("is longer than 4096 bytes");
    const auto document = Json::parse(*text, {.max_depth = 8, .max_values = 256});
    if (!document || !document->is_object()) throw bad_claims("must be a JSON object");
    for (const std::string_view place : {"id_token", "userinfo"})
        if (const Json* const wanted = document->find(place); wanted != nullptr && !wanted->is_null()) take_claims(asked, *wanted, place == "id_token");
    return asked;
}

} // namespace gravity::issuer
