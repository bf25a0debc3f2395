#include "git_push.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::size_t most_changes_of_a_push = 100;

const Json* member_at(const Json& whole, std::initializer_list<std::string_view> names) {
    const Json* at = &whole;
    for (const std::string_view name : names) {
        at = at->is_object() ? at->find(name) : nullptr;
        if (at == nullptr) return nullptr;
    }
    return at;
}

void add_place(Push& push, const Json* address) {
    if (address == nullptr || !address->is_string()) return;
    if (auto place = repository_place(address->as_string())) push.places.push_back(*std::move(place));
}

void add_ref(Push& push, const Json* ref) {
    if (ref == nullptr || !ref->is_string()) return;
    push.says_refs = true;
    std::string_view name = ref->as_string();
    for (const std::string_view prefix : {"refs/heads/", "refs/tags/"})
        if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    push.refs.emplace_back(name);
}

/// Of a branch or a tag that was deleted the commit behind it is none: zeros.
bool is_deletion(const Json& message) {
    const Json* after = message.find("after");
    if (after == nullptr || !after->is_string() || after->as_string().empty()) return false;
    return after->as_string().find_first_not_of('0') == std::string::npos;
}

} // namespace

std::optional<std::string> repository_place(std::string_view address) {
    std::string_view rest = address;
    const auto scheme = rest.find("://");
    const bool short_form = scheme == std::string_view::npos; // user@host:path, as ssh has it
    if (!short_form) rest.remove_prefix(scheme + 3);
    const auto end = rest.find_first_of(short_form ? ":" : "/");
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view host = rest.substr(0, end), path = rest.substr(end + 1);
    if (const auto user = host.rfind('@'); user != std::string_view::npos) host.remove_prefix(user + 1);
    if (!short_form && !host.ends_with(']')) host = host.substr(0, host.rfind(':'));
    while (path.ends_with('/')) path.remove_suffix(1);
    if (path.ends_with(".git")) path.remove_suffix(4);
    while (path.starts_with('/')) path.remove_prefix(1);
    if (path.empty() || (host.empty() && !address.starts_with("file:"))) return std::nullopt;
    return ascii::lower(host) + "/" + std::string(path);
}

bool Push::is_of(std::string_view place, std::string_view ref) const {
    return std::find(places.begin(), places.end(), place) != places.end() && (!says_refs || std::find(refs.begin(), refs.end(), ref) != refs.end());
}

Push read_push(const Json& message) {
    Push push;
    for (const std::string_view whose : {"repository", "project"}) // GitLab has both
        for (const std::string_view name : {"clone_url", "ssh_url", "git_url", "html_url", "git_http_url", "git_ssh_url", "http_url", "web_url", "url"})
            add_place(push, member_at(message, {whose, name}));
    add_place(push, member_at(message, {"repository", "links", "html", "href"})); // Bitbucket
    add_ref(push, message.find("ref"));
    if (is_deletion(message)) push.refs.clear();
    if (const Json* changes = member_at(message, {"push", "changes"}); changes != nullptr && changes->is_array()) {
        push.says_refs = true; // Bitbucket; of what was deleted `new` is null
        for (std::size_t i = 0; i < std::min(changes->size(), most_changes_of_a_push); ++i) add_ref(push, member_at(changes->as_array()[i], {"new", "name"}));
    }
    if (message.find("zen") != nullptr && message.find("hook_id") != nullptr) push.says_refs = true; // GitHub's ping: nothing was pushed
    return push;
}

} // namespace gravity::config
