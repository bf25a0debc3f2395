#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::registry {

/// One key of a commit: its new value, or nothing to remove it.
struct Write {
    std::string key;
    std::optional<std::string> value;
};

/// The store refused or failed. The batch is not there, or it is whole: never a part of it.
struct StoreError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What lies in a store, for those who only read. Any thread but the I/O thread. Throws StoreError.
class RowReader {
public:
    virtual ~RowReader() = default;
    /// The pairs whose keys begin with `prefix`, in key order. The views live for the call.
    virtual void each_below(std::string_view prefix, const std::function<void(std::string_view key, std::string_view value)>& visit) = 0;
};

/// An ordered key space that survives a crash. `each` before the first `commit`, `commit` on one thread at a time.
class Store : public RowReader {
public:
    /// All pairs in key order. The views live for the call.
    virtual void each(const std::function<void(std::string_view key, std::string_view value)>& visit) = 0;
    /// All or nothing, on the disk when it returns. Throws StoreError.
    virtual void commit(const std::vector<Write>& batch) = 0;
};

/// RocksDB in a folder of its own, made if absent. Throws StoreError, also if another process has it open.
std::unique_ptr<Store> open_rocks_store(const std::string& folder);

/// For tests of what stands above a store: forgets everything with the process. `fail` makes commits throw.
class MemoryStore : public Store {
public:
    void each(const std::function<void(std::string_view key, std::string_view value)>& visit) override {
        for (const auto& [key, value] : pairs) visit(key, value);
    }
    void each_below(std::string_view prefix, const std::function<void(std::string_view key, std::string_view value)>& visit) override {
        const std::lock_guard lock(mutex_);
        for (auto pair = pairs.lower_bound(prefix); pair != pairs.end() && pair->first.starts_with(prefix); ++pair) visit(pair->first, pair->second);
    }
    void commit(const std::vector<Write>& batch) override {
        if (before_commit) before_commit();
        const std::lock_guard lock(mutex_);
        for (const Write& write : batch) {
            if (write.value)
                pairs[write.key] = *write.value;
            else
                pairs.erase(write.key);
        }
    }
    std::map<std::string, std::string, std::less<>> pairs;
    std::function<void()> before_commit; // may throw

private:
    std::mutex mutex_;
};

} // namespace gravity::registry
