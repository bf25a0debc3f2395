#include "references.hpp"

#include <algorithm>
#include <set>

namespace gravity::config {
namespace {

constexpr std::size_t deepest = 32;
constexpr std::size_t most_bytes = 8 * 1024 * 1024; // of all texts that are made: a reference to a reference to ... grows by powers

struct Unresolvable {
    std::string why;
};

class Resolver {
public:
    explicit Resolver(const Items& items) : items_(items) {}

    std::string value(const std::string& key, const std::string& text) {
        under_way_ = {key};
        return expand(text, 0);
    }

private:
    std::string expand(std::string_view text, std::size_t depth) {
        if (depth > deepest) throw Unresolvable{"refers too deeply"};
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
            out += reference(text.substr(dollar + 2, end - dollar - 2), depth + 1);
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

    std::string reference(std::string_view inner, std::size_t depth) {
        const auto colon = colon_of(inner);
        const std::string key = expand(inner.substr(0, colon), depth);
        if (const auto found = items_.find(key); found != items_.end()) return value_of(key, found->second, depth);
        if (colon != std::string_view::npos) return expand(inner.substr(colon + 1), depth);
        throw Unresolvable{"${" + key.substr(0, max_key_bytes) + "} is not set"};
    }

    std::string value_of(const std::string& key, const Json& value, std::size_t depth) {
        if (!value.is_string()) return value.is_array() ? std::string() : value.dump();
        if (!under_way_.insert(key).second) throw Unresolvable{"${" + key + "} refers back to itself"};
        std::string text = expand(value.as_string(), depth);
        under_way_.erase(key);
        return text;
    }

    const Items& items_;
    std::set<std::string> under_way_;
    std::size_t spent_ = 0;
};

} // namespace

bool has_reference(const Json& value) { return value.is_string() && value.as_string().find("${") != std::string::npos; }

Resolved resolve(const Items& items) {
    Resolved resolved{items, {}};
    Resolver resolver(items);
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

} // namespace gravity::config
