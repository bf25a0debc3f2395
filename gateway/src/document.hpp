#pragma once

#include <gravity/json/json.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

/// What documents of the Gateway API have in common, whatever their kind.
namespace gravity::gateway::document {

/// Thrown where a document cannot be followed.
struct Refused {
    std::string why; // one line
};
[[noreturn]] void refuse(std::string why);
std::string in_quotes(std::string_view text);

/// A name of DNS in lower case (RFC 1123).
bool is_dns_name(std::string_view text);
/// A host of which certificates are: a DNS name, not an address.
bool is_host_name(std::string_view text);

/// Empty if it has none.
std::string_view kind_of(const Json& document);
/// A text of an object; `otherwise` if there is no object, or no such member. Throws Refused for what is no text.
std::string text_of(const Json* object, std::string_view name, std::string otherwise);

/// Who a document is.
struct Head {
    std::string name;
    std::string space;   // its namespace: "default" unless it says another
    std::string created; // RFC 3339; may be empty
    const Json* metadata = nullptr;

    /// "shop", of another namespace than "default" "web/shop".
    std::string full_name() const { return space == "default" ? name : space + "/" + name; }
};
/// Throws Refused for a name that is none.
Head head_of(const Json& document);
/// Of a document with one of these versions, and with no other members than those of every kind and `spec`. Throws Refused.
Head head_of(const Json& document, std::initializer_list<std::string_view> versions);
/// For people, as much of it as can be read: HTTPRoute "web/shop".
std::string label_of(const Json& document);

} // namespace gravity::gateway::document
