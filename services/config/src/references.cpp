#include "references.hpp"

#include "names.hpp"

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::size_t deepest = 32;
constexpr std::size_t most_bytes = 8 * 1024 * 1024; // of all texts that are made: a reference to a reference to ... grows by powers
constexpr std::size_t most_texts = 1'000'000;       // that are looked through: it does so as well where all of them are empty

struct Unresolvable {
    std::string why;
};

/// "payments" of "[payments]db.url"; nothing of what names no application.
std::string_view application_of(std::string_view name) {
    if (!name.starts_with('[')) return {};
    const auto close = name.find(']');
    if (close == std::string_view::npos) return {};
    const auto application = name.substr(1, close - 1);
    return is_config_name(application) ? application : std::string_view();
}

void add_applications(std::string_view text, Names& names) {
    constexpr std::string_view opening = "${[";
    for (auto at = text.find(opening); at != std::string_view::npos; at = text.find(opening, at + 1)) {
        if (at > 0 && text[at - 1] == '\\') continue;
        if (const auto application = application_of(text.substr(at + 2)); !application.empty()) names.emplace(application);
    }
}

std::string with_escapes(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') out += '\\';
        out += text[i];
    }
    return out;
}

class Resolver {
public:
    Resolver(const Items& items, const Others& others) : items_(items), others_(others) {}

    std::string value(const std::string& key, const std::string& text) {
        const Scope own{&items_, {}};
        under_way_ = {{own.application, key}};
        return expand(text, own, 0);
    }

private:
    /// Whose keys are meant. Without a name: those of whoever is resolved.
    struct Scope {
        const Items* items;
        std::string application;
    };

    std::string expand(std::string_view text, const Scope& scope, std::size_t depth) {
        if (depth > deepest) throw Unresolvable{"refers too deeply"};
        if (++texts_ > most_texts) throw Unresolvable{"becomes too large"};
        std::string out;
        std::size_t at = 0;
        while (at < text.size()) {
            const auto dollar = text.find("${", at);
            if (dollar == std::string_view::npos) break;
            if (dollar > at && text[dollar - 1] == '\\') {
                out.append(text.substr(at, dollar - 1 - at)).append("${");
                at = dollar + 2;
                continue;
            }
            const auto end = end_of(text, dollar + 2);
            if (end == std::string_view::npos) break; // an opening alone is text
            out.append(text.substr(at, dollar - at));
            out += reference(text.substr(dollar + 2, end - dollar - 2), scope, depth + 1);
            at = end + 1;
        }
        out.append(text.substr(std::min(at, text.size())));
        spent_ += out.size();
        if (spent_ > most_bytes) throw Unresolvable{"becomes too large"};
        return out;
    }

    /// The brace that closes what begins at `at`.
    static std::size_t end_of(std::string_view text, std::size_t at) {
        std::size_t open = 1;
        for (; at < text.size(); ++at) {
            if (text[at] == '$' && at + 1 < text.size() && text[at + 1] == '{') {
                ++open;
                ++at;
            } else if (text[at] == '}' && --open == 0) {
                return at;
            }
        }
        return std::string_view::npos;
    }

    /// A colon that is not within a reference begins the default.
    static std::size_t colon_of(std::string_view inner) {
        std::size_t open = 0;
        for (std::size_t i = 0; i < inner.size(); ++i) {
            if (inner[i] == '$' && i + 1 < inner.size() && inner[i + 1] == '{') ++open;
            if (inner[i] == '}' && open > 0) --open;
            if (inner[i] == ':' && open == 0) return i;
        }
        return std::string_view::npos;
    }

    std::string reference(std::string_view inner, const Scope& scope, std::size_t depth) {
        const auto colon = colon_of(inner);
        const std::string_view name = inner.substr(0, colon);
        const std::string application(application_of(name));
        const std::size_t skipped = application.empty() ? 0 : application.size() + 2;
        const std::string key = expand(name.substr(skipped), scope, depth);
        const Scope there = application.empty() ? scope : Scope{others_ ? others_(application) : nullptr, application};
        if (there.items != nullptr)
            if (const auto found = there.items->find(key); found != there.items->end()) return value_of(there, key, found->second, depth);
        if (colon != std::string_view::npos) return expand(inner.substr(colon + 1), scope, depth);
        throw Unresolvable{written(there.application, key) + " is not set"};
    }

    std::string value_of(const Scope& scope, const std::string& key, const Json& value, std::size_t depth) {
        if (!value.is_string()) return value.is_array() ? std::string() : value.dump();
        const std::pair<std::string, std::string> place{scope.application, key};
        if (!under_way_.insert(place).second) throw Unresolvable{written(scope.application, key) + " refers back to itself"};
        std::string text = expand(value.as_string(), scope, depth);
        under_way_.erase(place);
        return text;
    }

    static std::string written(const std::string& application, const std::string& key) {
        return "${" + (application.empty() ? std::string() : "[" + application + "]") + key.substr(0, max_key_bytes) + "}";
    }

    const Items& items_;
    const Others& others_;
    std::set<std::pair<std::string, std::string>> under_way_; // application and key
    std::size_t spent_ = 0;
    std::size_t texts_ = 0;
};

} // namespace

bool has_reference(const Json& value) { return value.is_string() && value.as_string().find("${") != std::string::npos; }

Resolved resolve(const Items& items, const Others& others) {
    Resolved resolved{items, {}};
    Resolver resolver(items, others);
    for (const auto& [key, value] : items) {
        if (!has_reference(value)) continue;
        try {
            resolved.items[key] = resolver.value(key, value.as_string());
        } catch (const Unresolvable& unresolvable) {
            resolved.faults.push_back({key, unresolvable.why});
        }
    }
    return resolved;
}

Items resolve_others(const Items& layer, const Items& all, const Others& others) {
    Items made = layer;
    Resolver resolver(all, others);
    for (auto& [key, value] : made) {
        if (!value.is_string()) continue;
        Names named;
        add_applications(value.as_string(), named);
        if (named.empty()) continue;
        try {
            value = Json(with_escapes(resolver.value(key, value.as_string())));
        } catch (const Unresolvable&) {
            continue; // handed out as it is written
        }
    }
    return made;
}

Names referred_applications(const Items& items) {
    Names names;
    for (const auto& [key, value] : items)
        if (value.is_string()) add_applications(value.as_string(), names);
    return names;
}

std::vector<std::string> reached(const Names& first, const std::function<const Names*(const std::string&)>& next, std::size_t most) {
    std::vector<std::string> order;
    Names seen;
    const auto take = [&](const Names& names) {
        for (const std::string& name : names)
            if (order.size() < most && seen.insert(name).second) order.push_back(name);
    };
    take(first);
    for (std::size_t i = 0; i < order.size(); ++i)
        if (const Names* names = next(order[i])) take(*names);
    return order;
}

} // namespace gravity::config
