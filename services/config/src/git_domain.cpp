#include "git_domain.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>

#include <algorithm>
#include <charconv>

namespace gravity::config {
namespace {

constexpr std::size_t longest_git_name = 200;
constexpr std::size_t longest_git_url = 2'048;
constexpr std::string_view ssh_prefix = "ssh://";
constexpr std::size_t longest_git_password = 4'096;
constexpr std::size_t longest_private_key = 16'384;

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

/// Of ssh it is read as if it were one of http.
std::optional<Url> as_web_address(std::string_view text) {
    if (text.starts_with("file:")) return std::nullopt;
    const bool ssh = text.starts_with(ssh_prefix);
    const auto url = Url::parse(ssh ? "http://" + std::string(text.substr(ssh_prefix.size())) : std::string(text));
    return url ? std::optional<Url>(*url) : std::nullopt;
}

/// A port of 80 would be left out as the usual one.
bool accept_ssh_url(std::string_view in, std::string& out) {
    const std::string_view rest = in.substr(ssh_prefix.size());
    if (rest.substr(0, rest.find('/')).ends_with(":80")) return false;
    const auto url = as_web_address(in);
    if (!url || url->view().find_first_of("?#") != std::string_view::npos || url->target() == "/") return false;
    out = std::string(ssh_prefix) + url->str().substr(std::string_view("http://").size());
    return true;
}

bool is_ssh_user(std::string_view text) {
    const auto fits = [](char c) { return ascii::is_alnum(c) || c == '.' || c == '_' || c == '-'; };
    return !text.empty() && (ascii::is_alnum(text.front()) || text.front() == '_') && std::all_of(text.begin(), text.end(), fits);
}

bool is_private_key(std::string_view text) {
    return text.size() <= longest_private_key && text.starts_with("-----BEGIN ") && text.find("PRIVATE KEY-----") != std::string_view::npos;
}

/// As OpenSSH writes it, as OpenSSL did (RFC 1421), and as PKCS #8 (RFC 7468). ssh would not say that it is a passphrase that it lacks.
bool has_passphrase(std::string_view key) {
    constexpr std::string_view begin = "b3BlbnNzaC1rZXktdjEAAAAA", in_clear = "BG5vbmUA"; // "openssh-key-v1", and the name of the cipher: "none"
    if (key.find("BEGIN ENCRYPTED PRIVATE KEY") != std::string_view::npos || key.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos) return true;
    const auto at = key.find(begin);
    return at != std::string_view::npos && !key.substr(at + begin.size()).starts_with(in_clear);
}

/// For a shell, as one word.
std::string quoted(std::string_view text) {
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

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
    constexpr std::string_view wanted = "must be https://host/path, http://host/path, ssh://host/path or file:///path, without a user";
    if (in.starts_with(ssh_prefix)) {
        if (accept_ssh_url(in, out)) return true;
        why = wanted;
        return false;
    }
    const auto url = Url::parse(in);
    if (!url || url->view().find_first_of("?#") != std::string_view::npos) {
        why = wanted;
        return false;
    }
    out = url->str();
    return true;
}

std::string GitUrl::host() const {
    const auto url = as_web_address(view());
    return url ? std::string(url->host()) : std::string();
}

std::uint16_t GitUrl::port() const {
    const auto url = as_web_address(view());
    if (!url) return 0;
    return scheme() == "ssh" && url->port() == 80 ? std::uint16_t{22} : url->port();
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

std::vector<Refusal::Fault> credential_faults(const GitUrl& url, const GitCredentials& credentials) {
    std::vector<Refusal::Fault> faults;
    const bool ssh = url.scheme() == "ssh", web = url.scheme() == "https" || url.scheme() == "http";
    const auto none = [&](const char* pointer, bool there) {
        if (there) faults.push_back({pointer, "is none of " + std::string(url.scheme())});
    };
    none("/private_key", credentials.private_key && !ssh);
    none("/known_hosts", credentials.known_hosts && !ssh);
    none("/password", credentials.password && !web);
    none("/username", credentials.username && !ssh && !web);
    if (ssh && !credentials.private_key) faults.push_back({"/private_key", "is needed"});
    if (ssh && !credentials.known_hosts) faults.push_back({"/known_hosts", "is needed"});
    if (ssh && credentials.private_key && !is_private_key(credentials.private_key->reveal()))
        faults.push_back({"/private_key", "must be a private key in PEM, at most " + std::to_string(longest_private_key) + " bytes"});
    if (ssh && credentials.private_key && has_passphrase(credentials.private_key->reveal())) faults.push_back({"/private_key", "must have no passphrase"});
    if (ssh && credentials.username && !is_ssh_user(credentials.username->view()))
        faults.push_back({"/username", "must be letters, digits, dots, underscores and hyphens"});
    if (web && credentials.username && !credentials.password) faults.push_back({"/password", "is needed beside a username"});
    if (web && credentials.username && credentials.username->view().find(':') != std::string_view::npos) faults.push_back({"/username", "must have no colon"});
    if (web && credentials.password && credentials.password->reveal().size() > longest_git_password)
        faults.push_back({"/password", "must have at most " + std::to_string(longest_git_password) + " bytes"});
    return faults;
}

Duration pause_before_pull(int interval_minutes, int failures, double luck) {
    constexpr std::int64_t day = 24 * 60;
    const std::int64_t usual = interval_minutes, longest = std::max(usual, day);
    const std::int64_t minutes = std::min(usual << std::clamp(failures, 0, 10), longest);
    const double seconds = static_cast<double>(minutes * 60) * (0.9 + 0.2 * luck);
    return Duration::seconds(static_cast<std::int64_t>(seconds));
}

std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
    constexpr std::string_view instead = "***";
    for (const std::string& secret : secrets) {
        if (secret.empty()) continue;
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + instead.size())) text.replace(at, secret.size(), instead);
    }
    return text;
}

std::string_view telling_line(std::string_view complaints) {
    constexpr std::string_view empty_words[] = {"fatal: Could not read from remote repository.", "Please make sure you have the correct access rights",
                                                "and the repository exists."};
    std::string_view rest = ascii::trim(complaints), line = rest;
    const bool unread = rest.starts_with("Load key \"") || rest.find("\nLoad key \"") != std::string_view::npos; // ssh goes on without it
    if (unread) return "its private key cannot be read";
    while (!rest.empty()) {
        const auto end = rest.rfind('\n');
        line = ascii::trim(end == std::string_view::npos ? rest : rest.substr(end + 1));
        const bool tells = !line.empty() && std::find(std::begin(empty_words), std::end(empty_words), line) == std::end(empty_words);
        if (tells || end == std::string_view::npos) return line;
        rest = rest.substr(0, end);
    }
    return line;
}

std::string ssh_command(const SshVisit& visit) {
    std::string command = "ssh -F none -i " + quoted(visit.key_file);
    const auto option = [&](std::string_view name, const std::string& value) { command += " -o " + quoted(std::string(name) + "=" + value); };
    option("IdentitiesOnly", "yes");
    option("IdentityAgent", "none");
    option("PreferredAuthentications", "publickey");
    option("BatchMode", "yes");
    option("ClearAllForwardings", "yes");
    option("StrictHostKeyChecking", "yes");
    option("UpdateHostKeys", "no");
    option("UserKnownHostsFile", "\"" + visit.known_hosts_file + "\"");
    option("GlobalKnownHostsFile", "/dev/null");
    option("HostKeyAlias", visit.port == 22 ? visit.host : "[" + visit.host + "]:" + std::to_string(visit.port));
    option("HostName", visit.address);
    option("User", visit.user);
    option("ConnectTimeout", "20");
    return command;
}

} // namespace gravity::config
