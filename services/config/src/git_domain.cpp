#include "git_domain.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::config {
namespace {

constexpr std::size_t longest_git_name = 200;
constexpr std::size_t longest_git_url = 2'048;

/// Names with slashes between, of which none begins with a dot or a hyphen: no options, no way up, nothing that git keeps for itself.
bool is_git_path(std::string_view text) {
    if (text.empty() || text.size() > longest_git_name || text.ends_with(".lock")) return false;
    const auto fits = [](char c) { return ascii::is_alnum(c) || c == '.' || c == '_' || c == '-'; };
    for (std::string_view rest = text;;) {
        const auto slash = rest.find('/');
        const std::string_view part = rest.substr(0, slash);
        if (part.empty() || !ascii::is_alnum(part.front()) || part.ends_with('.') || part.find("..") != std::string_view::npos) return false;
        if (!std::all_of(part.begin(), part.end(), fits)) return false;
        if (slash == std::string_view::npos) return true;
        rest.remove_prefix(slash + 1);
    }
}

bool accept_git_path(std::string_view in, std::string& out, std::string& why) {
    if (!is_git_path(in)) {
        why = "must be names of letters, digits, dots, underscores and hyphens, joined by slashes, at most 200 characters";
        return false;
    }
    out = in;
    return true;
}

bool is_file_url(std::string_view text) {
    if (!text.starts_with("file:///") || text.size() > longest_git_url || text.find("/..") != std::string_view::npos) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return ascii::is_alnum(c) || std::string_view("/.:_-").find(c) != std::string_view::npos; });
}

struct Ending {
    std::string_view text;
    SettingsFormat format;
};
constexpr Ending endings[] = {{".yml", SettingsFormat::yaml},
                              {".yaml", SettingsFormat::yaml},
                              {".properties", SettingsFormat::properties},
                              {".json", SettingsFormat::json}};

/// Takes what stands before the next `end` off `text`; nothing where there is none.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
    const auto at = text.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at + 1);
    return taken;
}

} // namespace

bool GitUrl::accept(std::string_view in, std::string& out, std::string& why) {
    if (is_file_url(in)) {
        out = in;
        return true;
    }
    const auto url = Url::parse(in);
    if (!url || url->view().find_first_of("?#") != std::string_view::npos) {
        why = "must be https://host/path, http://host/path or file:///path";
        return false;
    }
    out = url->str();
    return true;
}

bool GitRef::accept(std::string_view in, std::string& out, std::string& why) { return accept_git_path(in, out, why); }
bool GitDirectory::accept(std::string_view in, std::string& out, std::string& why) { return accept_git_path(in, out, why); }

std::optional<GitFileName> settings_file(std::string_view name, const std::vector<ConfigName>& applications) {
    for (const Ending& ending : endings) {
        if (!name.ends_with(ending.text)) continue;
        const std::string_view stem = name.substr(0, name.size() - ending.text.size());
        const ConfigName* whose = nullptr;
        for (const ConfigName& each : applications) {
            const bool fits = stem.starts_with(each.view()) && (stem.size() == each.view().size() || stem[each.view().size()] == '-');
            if (fits && (whose == nullptr || each.view().size() > whose->view().size())) whose = &each;
        }
        if (whose == nullptr) return std::nullopt;
        const bool bare = stem.size() == whose->view().size();
        const auto profile = ConfigName::parse(bare ? default_profile : stem.substr(whose->view().size() + 1));
        if (!profile) return std::nullopt;
        return GitFileName{*whose, *profile, ending.format};
    }
    return std::nullopt;
}

// "100644 blob <object> <spaces><bytes>\t<path>\0"
std::optional<std::vector<GitEntry>> files_of_tree(std::string_view listing) {
    std::vector<GitEntry> files;
    while (!listing.empty()) {
        auto line = take_until(listing, '\0');
        if (!line) return std::nullopt;
        const auto mode = take_until(*line, ' '), type = take_until(*line, ' '), object = take_until(*line, ' '), size = take_until(*line, '\t');
        if (!mode || !type || !object || !size) return std::nullopt;
        if (*type != "blob" || (*mode != "100644" && *mode != "100755")) continue;
        GitEntry entry{std::string(*object), 0, std::string(*line)};
        const std::string_view digits = ascii::trim(*size);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), entry.bytes);
        if (error != std::errc() || end != digits.data() + digits.size() || !std::all_of(entry.object.begin(), entry.object.end(), ascii::is_hex))
            return std::nullopt;
        files.push_back(std::move(entry));
    }
    return files;
}

} // namespace gravity::config
