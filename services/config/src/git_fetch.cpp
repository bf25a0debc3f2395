#include "git_fetch.hpp"

#include "process.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/utf8.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <netdb.h>
#include <set>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gravity::config {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_files_of_a_source = 200;
constexpr std::size_t most_bytes_of_a_source = 16 * 1024 * 1024;
constexpr std::size_t longest_listing = 4 * 1024 * 1024;
constexpr std::string_view largest_written = "--fsize=33554432"; // bytes of a file that git writes: the pack with all that was fetched
constexpr std::string_view largest_memory = "--as=1073741824";

/// A directory of its own, gone with this.
class Workplace {
public:
    Workplace() {
        std::string name = (std::filesystem::temp_directory_path() / "gravity-config-git-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw GitFault("there is no place for a repository");
        path_ = name;
    }
    ~Workplace() {
        std::error_code ignored; // what is left is in the directory for what is left
        std::filesystem::remove_all(path_, ignored);
    }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

struct FreeAddresses {
    void operator()(addrinfo* found) const { ::freeaddrinfo(found); }
};

std::vector<std::string> addresses_of(const std::string& host) {
    if (http::is_address(host)) return {host};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) throw GitFault("the host " + host + " is not known");
    const std::unique_ptr<addrinfo, FreeAddresses> all(found);
    std::vector<std::string> addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), static_cast<socklen_t>(text.size()), nullptr, 0, NI_NUMERICHOST) == 0)
            addresses.emplace_back(text.data());
    }
    return addresses;
}

/// The addresses of the host, all of them judged; none of a file.
std::vector<std::string> judged_addresses(const GitUrl& url, const GitOptions& options) {
    if (std::find(options.schemes.begin(), options.schemes.end(), url.scheme()) == options.schemes.end())
        throw GitFault(std::string(url.scheme()) + " is not a way that may be gone");
    if (url.scheme() == "file") return {};
    std::vector<std::string> addresses = addresses_of(url.host());
    if (addresses.empty()) throw GitFault("the host has no address");
    for (const std::string& address : addresses)
        if (!options.policy.allows(address)) throw GitFault("the host has an address that may not be asked");
    return addresses;
}

/// For git's http.curloptResolve: host:port:address,address. Nothing to be said of a host that is an address itself.
std::string pinned(const GitUrl& url, const std::vector<std::string>& addresses) {
    const std::string host = url.host();
    if (http::is_address(host)) return {};
    std::string text = host + ":" + std::to_string(url.port()) + ":";
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const bool v6 = addresses[i].find(':') != std::string::npos;
        text += (i == 0 ? "" : ",") + (v6 ? "[" + addresses[i] + "]" : addresses[i]);
    }
    return text;
}

/// A text in memory that has a path as long as this lives, for programs that this process starts: it is in no file system, and gone with the process.
class MemoryFile {
public:
    explicit MemoryFile(const std::string& text) : number_(::memfd_create("gravity-config", MFD_CLOEXEC)) {
        const char* rest = text.data();
        std::size_t left = text.size();
        bool good = number_ >= 0 && ::fchmod(number_, S_IRUSR | S_IWUSR) == 0; // ssh takes no key that others may read
        while (good && left > 0) {
            const ssize_t written = ::write(number_, rest, left);
            good = written > 0;
            if (!good) break;
            rest += written;
            left -= static_cast<std::size_t>(written);
        }
        if (good) return;
        if (number_ >= 0) ::close(number_);
        throw GitFault("there is no place for its key");
    }
    ~MemoryFile() { ::close(number_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string path() const { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(number_); }

private:
    int number_;
};

/// Texts that are overwritten when nobody needs them any more.
struct WipedTexts {
    WipedTexts() = default;
    ~WipedTexts() {
        for (std::string& each : all) wipe(each);
    }
    WipedTexts(WipedTexts&&) = default;
    WipedTexts& operator=(WipedTexts&&) = delete;
    std::vector<std::string> all;
};

/// What git needs to sign in, and what must not be shown of it.
struct SignIn {
    WipedTexts variables;
    WipedTexts hidden;
    std::unique_ptr<MemoryFile> key;
};

/// As the first request has it: whoever asks for it gets it, but redirects are not followed.
SignIn by_password(const GitSource& source, const Secret<>& password) {
    std::string words = source.username.value_or(std::string(usual_git_user)) + ":" + password.reveal();
    std::string pair = base64_encode(words);
    wipe(words);
    SignIn sign_in;
    sign_in.variables.all = {"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader"};
    sign_in.variables.all.push_back("GIT_CONFIG_VALUE_0=Authorization: Basic " + pair);
    sign_in.hidden.all.push_back(pair);
    wipe(pair);
    sign_in.hidden.all.push_back(password.reveal());
    return sign_in;
}

/// As OpenSSH reads it: no line ends as those of Windows, and the last one ends too.
Secret<> key_file_of(const Secret<>& key) {
    const std::string_view lines = ascii::trim(key.reveal());
    std::string text;
    text.reserve(lines.size() + 1); // all of it in one place, which is overwritten
    std::copy_if(lines.begin(), lines.end(), std::back_inserter(text), [](char c) { return c != '\r'; });
    text += '\n';
    return Secret<>(std::move(text));
}

SignIn by_private_key(const GitSource& source, const Secret<>& key, const std::vector<std::string>& addresses, const Workplace& place) {
    SignIn sign_in;
    sign_in.key = std::make_unique<MemoryFile>(key_file_of(key).reveal());
    SshVisit visit{source.url.host(), source.url.port(), addresses.front(), source.username.value_or(std::string(usual_git_user)), sign_in.key->path(),
                   place.path() + "/known_hosts"};
    std::ofstream(visit.known_hosts_file) << source.known_hosts.value_or(std::string()) << '\n';
    sign_in.variables.all = {"GIT_SSH_COMMAND=" + ssh_command(visit), "GIT_SSH_VARIANT=ssh"};
    return sign_in;
}

SignIn sign_in_of(const GitSource& source, const GitSecret& secret, const std::vector<std::string>& addresses, const Workplace& place) {
    if (source.url.scheme() == "ssh") {
        if (!secret.private_key || !source.known_hosts) throw GitFault("ssh needs a private key and known hosts");
        return by_private_key(source, *secret.private_key, addresses, place);
    }
    if (secret.password) return by_password(source, *secret.password);
    return {};
}

/// Why git says it failed, as far as it can be shown. A server may have said again what it was told.
std::string complaint(const ProcessEnd& end, const std::vector<std::string>& hidden) {
    const std::string all = without_secrets(end.errors, hidden);
    std::string_view text = telling_line(all);
    if (text.size() > 1'000) text = "it says more than can be shown"; // where it begins something hidden may have been cut
    std::string shown(text.substr(0, 300));
    if (!utf8::valid(shown)) shown = "it says nothing that can be shown";
    std::replace_if(shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
    return shown;
}

/// git in one place until one time, with nothing of the surroundings: no configuration, no credentials, no questions.
class Git {
public:
    Git(const Workplace& place, const GitOptions& options) : place_(place.path()), deadline_(Clock::now() + options.patience) {
        environment_ = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "HOME=" + place_, "GIT_DIR=" + place_ + "/repository"};
        for (const char* each : {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false"})
            environment_.emplace_back(each);
        std::string schemes = "GIT_ALLOW_PROTOCOL=";
        for (const std::string& scheme : options.schemes) schemes += (schemes.ends_with('=') ? "" : ":") + scheme;
        environment_.push_back(std::move(schemes));
    }

    /// Its output; throws GitFault, which says what was being done, if it fails.
    std::string run(std::string_view doing, const std::vector<std::string>& arguments, std::size_t most_output = 64 * 1024, const SignIn& sign_in = {}) {
        std::vector<std::string> all{"prlimit", std::string(largest_written), std::string(largest_memory), "git",
                                     "-c", "gc.auto=0", "-c", "maintenance.auto=false",
                                     "-c", "fetch.unpackLimit=1", "-c", "core.bigFileThreshold=1m",
                                     "-c", "http.followRedirects=false", "-c", "gpg.format=ssh"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        std::vector<std::string> variables = environment_;
        variables.insert(variables.end(), sign_in.variables.all.begin(), sign_in.variables.all.end());
        ProcessEnd end = run_process(all, variables, {deadline_, most_output});
        for (std::string& each : variables) wipe(each);
        const std::string what(doing);
        switch (end.how) {
        case ProcessEnd::How::exited:
            if (end.status == 0) return std::move(end.output);
            throw GitFault(what + ": " + complaint(end, sign_in.hidden.all));
        case ProcessEnd::How::killed: throw GitFault(what + ": it is larger than it may be");
        case ProcessEnd::How::late: throw GitFault(what + ": it takes longer than it may");
        case ProcessEnd::How::too_much_output: throw GitFault(what + ": there is more than there may be");
        case ProcessEnd::How::not_started: break;
        }
        throw GitFault("git cannot be run: " + end.errors);
    }

private:
    std::string place_;
    Clock::time_point deadline_;
    std::vector<std::string> environment_;
};

constexpr std::string_view fetched = "refs/gravity/fetched"; // a tag of its own message may come too

void check_signature(Git& git, const Workplace& place, const std::string& commit, const std::string& allowed_signers) {
    const std::string file = place.path() + "/allowed_signers";
    std::ofstream(file) << allowed_signers << '\n';
    git.run("the commit is not signed by one who may", {"-c", "gpg.ssh.allowedSignersFile=" + file, "verify-commit", commit});
}

std::vector<GitEntry> entries_of(Git& git, const GitSource& source, const std::string& commit) {
    std::vector<std::string> listing{"ls-tree", "-z", "--long", commit};
    if (source.directory) listing.insert(listing.end(), {"--", source.directory->str() + "/"});
    auto entries = files_of_tree(git.run("its files cannot be listed", listing, longest_listing));
    if (!entries) throw GitFault("its files cannot be listed");
    return *std::move(entries);
}

} // namespace

void check_git_url(const GitUrl& url, const GitOptions& options) { judged_addresses(url, options); }

GitPulled pull_from_git(const GitSource& source, const GitSecret& secret, const std::optional<std::string>& known, const GitOptions& options) {
    const std::vector<std::string> addresses = judged_addresses(source.url, options);
    const Workplace place;
    Git git(place, options);
    git.run("there is no place for a repository", {"init", "--quiet", "--bare", "--template="});
    std::vector<std::string> fetch;
    if (source.url.scheme().starts_with("http"))
        if (const std::string resolve = pinned(source.url, addresses); !resolve.empty()) fetch = {"-c", "http.curloptResolve=" + resolve};
    fetch.insert(fetch.end(), {"fetch", "--quiet", "--depth=1", "--no-tags", "--", source.url.str(), "+" + source.ref.str() + ":" + std::string(fetched)});
    {
        const SignIn sign_in = sign_in_of(source, secret, addresses, place);
        git.run("it cannot be fetched", fetch, 64 * 1024, sign_in);
    }
    GitPulled pulled;
    pulled.commit = ascii::trim(git.run("it has no commit", {"rev-parse", "--verify", std::string(fetched) + "^{commit}"}));
    if (pulled.commit == known) return pulled;
    if (source.allowed_signers) check_signature(git, place, pulled.commit, source.allowed_signers->str());

    std::set<std::pair<std::string, std::string>> places; // application and profile
    std::size_t bytes = 0;
    for (const GitEntry& entry : entries_of(git, source, pulled.commit)) {
        auto name = settings_file(std::string_view(entry.path).substr(entry.path.rfind('/') + 1), source.applications);
        if (!name) continue;
        if (!places.emplace(name->application.str(), name->profile.str()).second)
            throw GitFault("two files are of " + name->application.str() + " in " + name->profile.str() + ": " + entry.path);
        bytes += entry.bytes;
        if (entry.bytes > max_file_bytes) throw GitFault(entry.path + " has more than " + std::to_string(max_file_bytes) + " bytes");
        if (places.size() > most_files_of_a_source || bytes > most_bytes_of_a_source) throw GitFault("there is more than there may be");
        pulled.files.push_back({entry.path, *std::move(name), git.run(entry.path, {"cat-file", "blob", entry.object}, max_file_bytes)});
    }
    if (pulled.files.empty()) throw GitFault("it has no file of these applications");
    return pulled;
}

} // namespace gravity::config
