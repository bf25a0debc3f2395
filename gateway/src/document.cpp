#include "document.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::gateway::document {

void refuse(std::string why) { throw Refused{std::move(why)}; }

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

bool is_dns_name(std::string_view text) {
    if (text.empty() || text.size() > 253) return false;
    for (const std::string_view label : ascii::split(text, '.')) {
        const auto allowed = [](char c) { return ascii::is_lower(c) || ascii::is_digit(c) || c == '-'; };
        const bool hyphen = label.starts_with('-') || label.ends_with('-');
        if (label.empty() || label.size() > 63 || hyphen || !std::all_of(label.begin(), label.end(), allowed)) return false;
    }
    return true;
}

bool is_host_name(std::string_view text) {
    const std::string_view last = text.substr(text.rfind('.') + 1);
    return is_dns_name(text) && !std::all_of(last.begin(), last.end(), ascii::is_digit); // else an address (WHATWG URL, section 3.5)
}

std::string_view kind_of(const Json& document) {
    const Json* kind = document.find("kind");
    return kind && kind->is_string() ? std::string_view(kind->as_string()) : std::string_view();
}

std::string text_of(const Json* object, std::string_view name, std::string otherwise) {
    const Json* found = object ? object->find(name) : nullptr;
    if (!found) return otherwise;
    if (!found->is_string()) refuse(std::string(name) + " must be a text");
    return found->as_string();
}

Head head_of(const Json& document) {
    Head head;
    head.metadata = document.find("metadata");
    head.name = text_of(head.metadata, "name", "");
    head.space = text_of(head.metadata, "namespace", "default");
    if (!is_dns_name(head.name) || !is_dns_name(head.space)) refuse("metadata.name must be lower-case letters, digits, hyphens and dots");
    head.created = text_of(head.metadata, "creationTimestamp", "");
    return head;
}

Head head_of(const Json& document, std::initializer_list<std::string_view> versions) {
    const std::string version = text_of(&document, "apiVersion", "");
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) refuse("apiVersion must be " + std::string(*versions.begin()));
    for (const auto& [name, value] : document.as_object())
        if (name != "apiVersion" && name != "kind" && name != "metadata" && name != "spec" && name != "status") refuse("unknown member " + in_quotes(name));
    return head_of(document);
}

std::string label_of(const Json& document) {
    try {
        return std::string(kind_of(document)) + " " + in_quotes(head_of(document).full_name());
    } catch (const Refused&) {
        return std::string(kind_of(document)) + " without a name";
    }
}

} // namespace gravity::gateway::document
