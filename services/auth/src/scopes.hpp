#pragma once

#include <gravity/model.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Scopes: what a token lets its bearer do. Pure.
namespace gravity::issuer {

/// One scope token (RFC 6749 section 3.3).
class ScopeName : public TextValue<ScopeName> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<ScopeName>({.pattern = R"(^[!#-\[\]-~]+$)", .doc = "Scope", .example = "\"products:read\"", .min = 1, .max = 100});
    }
};

/// What is asked for of what may be had: `wanted` space separated, absent everything. Nothing if it asks for more, or is malformed.
std::optional<std::vector<std::string>> narrowed(const std::vector<std::string>& granted, const std::string* wanted);

std::vector<std::string> texts_of(const std::vector<ScopeName>& scopes);
std::string joined(const std::vector<std::string>& scopes);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, ScopeName)
