#include "erasure_ledger.hpp"

#include "problems.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <sys/file.h>
#include <unistd.h>

namespace gravity::user {
namespace {

constexpr std::size_t longest_line = 200, visited_at_once = 1000, check_digits = 16;

/// An open file, with its lock; both end with it.
class LedgerFile {
public:
    LedgerFile(const std::string& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~LedgerFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    LedgerFile(const LedgerFile&) = delete;
    LedgerFile& operator=(const LedgerFile&) = delete;

    bool open() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }
    bool lock() const {
        while (::flock(descriptor_, LOCK_EX) != 0)
            if (errno != EINTR) return false;
        return true;
    }

private:
    int descriptor_;
};

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// Whoever was killed while it wrote has left a part of a line, which the next one must not be joined to.
bool ends_in_a_line(int descriptor) {
    const off_t size = ::lseek(descriptor, 0, SEEK_END);
    char last = '\n';
    return size == 0 || (size > 0 && ::pread(descriptor, &last, 1, size - 1) == 1 && last == '\n');
}

// The file and then its name, so that both are there after a loss of power.
bool on_the_disk(const std::string& file, const std::string& directory) {
    const LedgerFile content(file, O_RDWR | O_CREAT | O_APPEND), name(directory, O_RDONLY | O_DIRECTORY);
    return content.open() && name.open() && ::fsync(content.get()) == 0 && ::fsync(name.get()) == 0;
}

std::string check_of_line(std::string_view text) { return hex_encode(sha256(text)).substr(0, check_digits); }

// Up to the next blank.
std::string_view next_word(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

} // namespace

std::string ledger_line(const ErasedAccount& account) {
    const std::string text = "1 " + account.project.to_string() + " " + account.user.to_string() + " " + account.at.to_string();
    return text + " " + check_of_line(text);
}

std::optional<ErasedAccount> account_in(std::string_view line) {
    const auto blank = line.rfind(' ');
    if (blank == std::string_view::npos || line.substr(blank + 1) != check_of_line(line.substr(0, blank))) return std::nullopt;
    std::string_view rest = line.substr(0, blank);
    if (next_word(rest) != "1") return std::nullopt;
    const auto project = ProjectId::parse(next_word(rest));
    const auto user = UserId::parse(next_word(rest));
    const auto at = Timestamp::parse(rest);
    if (!project || !user || !at) return std::nullopt;
    return ErasedAccount{*project, *user, *at};
}

ErasureLedger::ErasureLedger(const std::optional<std::string>& directory, const std::function<bool()>& erased_before) {
    if (!directory || directory->empty()) return;
    file_ = *directory + "/erased";
    missing_ = ::access(file_.c_str(), F_OK) != 0 && erased_before && erased_before();
    if (missing_) return;
    if (!on_the_disk(file_, *directory)) throw std::invalid_argument("setting USER_ERASURES_DIR: " + file_ + " cannot be written: " + std::strerror(errno));
}

// The file is not made here: where it was taken away, a new one would hide that the others are missing.
void ErasureLedger::note(const std::vector<ErasedAccount>& accounts) const {
    if (!keeps() || accounts.empty()) return;
    std::string lines;
    for (const ErasedAccount& account : accounts) lines += ledger_line(account) + "\n";
    const LedgerFile file(file_, O_RDWR | O_APPEND);
    bool noted = file.open() && file.lock();
    if (noted && !ends_in_a_line(file.get())) lines.insert(0, "\n");
    noted = noted && write_all(file.get(), lines) && ::fsync(file.get()) == 0;
    if (noted) return;
    log::error("an erasure cannot be noted", {{"file", file_}, {"reason", std::strerror(errno)}});
    throw Refusal(erasure_not_noted).with_header("Retry-After", "60");
}

std::int64_t ErasureLedger::each(const std::function<void(const std::vector<ErasedAccount>&)>& visit) const {
    if (!keeps() || missing_) return 0;
    const LedgerFile file(file_, O_RDONLY);
    std::int64_t unreadable = 0;
    std::vector<ErasedAccount> some;
    std::string line;
    const auto end_line = [&] {
        if (const auto account = account_in(line))
            some.push_back(*account);
        else if (!line.empty())
            ++unreadable;
        line.clear();
    };
    std::array<char, 65'536> bytes{};
    ssize_t count = -1;
    while (file.open()) {
        count = ::read(file.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        for (const char c : std::string_view(bytes.data(), static_cast<std::size_t>(count))) {
            if (c == '\n')
                end_line();
            else if (line.size() <= longest_line) // what is longer is none, however it goes on
                line += c;
        }
        if (some.size() < visited_at_once) continue;
        visit(some);
        some.clear();
    }
    if (count < 0) throw std::runtime_error(file_ + " cannot be read: " + std::strerror(errno));
    end_line(); // the last one may lack its end
    visit(some);
    return unreadable;
}

} // namespace gravity::user
