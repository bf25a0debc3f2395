#pragma once

#include "users_model.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who was erased, kept outside of the database: a backup that is restored has forgotten it. A file that only grows, one line for each account.
namespace gravity::user {

/// An account that was erased, and when. Ids and a time are all that the database keeps of it, too.
struct ErasedAccount {
    ProjectId project;
    UserId user;
    Timestamp at;
    friend bool operator==(const ErasedAccount&, const ErasedAccount&) = default;
};

/// `1 <project> <user> <time> <check>`, without the line's end; the check is of all before it.
std::string ledger_line(const ErasedAccount& account);
/// Nothing for a line that was torn, or is none.
std::optional<ErasedAccount> account_in(std::string_view line);

/// The file `erased` in the directory of USER_ERASURES_DIR. Any thread and any number of processes: each line is written under a lock of the file.
class ErasureLedger {
public:
    /// Makes the file where there is none, unless `erased_before` knows of anybody who was erased: then one is missing, and a new one would hide it. Throws
    /// std::invalid_argument with one line where it cannot be written. Without a directory nothing is kept.
    explicit ErasureLedger(const std::optional<std::string>& directory, const std::function<bool()>& erased_before = nullptr);

    bool keeps() const { return !file_.empty(); }
    /// Whether the file was missing at the beginning.
    bool is_missing() const { return missing_; }
    const std::string& file() const { return file_; }
    /// On the disk when it returns. Throws Refusal (`erasure_not_noted`) where it is not known to be: nothing is erased then.
    void note(const std::vector<ErasedAccount>& accounts) const;
    /// All of them, the earliest first, some at a time; how many lines cannot be read. Nobody where the file was missing. Throws std::runtime_error.
    std::int64_t each(const std::function<void(const std::vector<ErasedAccount>&)>& visit) const;

private:
    std::string file_; // empty: none
    bool missing_ = false;
};

} // namespace gravity::user
