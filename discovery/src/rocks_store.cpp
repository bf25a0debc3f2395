#include "store.hpp"

#include <gravity/log/log.hpp>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <filesystem>

namespace gravity::registry {
namespace {

using Visit = std::function<void(std::string_view key, std::string_view value)>;

constexpr std::size_t write_buffer = 4 << 20;

/// What RocksDB remarks by itself. Not to a file beside the data, as it would: when that disk is full its own writer ends the process.
class Remarks : public rocksdb::Logger {
public:
    Remarks() : Logger(rocksdb::InfoLogLevel::ERROR_LEVEL) {}
    using Logger::Logv;
    void Logv(const char* format, va_list arguments) override {
        char text[512];
        std::vsnprintf(text, sizeof text, format, arguments);
        log::warn("rocksdb", {{"remark", std::string(text)}});
    }
};

rocksdb::Options options() {
    rocksdb::Options options;
    options.create_if_missing = true;
    // What is read comes from memory, so the store needs no caches to speak of: an idle daemon stays small.
    options.write_buffer_size = write_buffer;
    options.max_write_buffer_number = 2;
    options.max_total_wal_size = 16 << 20;
    options.max_open_files = 64;
    options.compression = rocksdb::kNoCompression;
    // A torn last record was never acknowledged; damage before it must stop the start instead of losing what came after silently.
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    options.info_log = std::make_shared<Remarks>();
    options.stats_dump_period_sec = options.stats_persist_period_sec = 0; // nobody reads them
    return options;
}

/// After a write that failed RocksDB is not written to again, not even when it says that it has recovered: its log may end in the middle of a record, and
/// a library with assertions ends the process at the next write. It is read only from then on, and opened anew as soon as that may succeed.
class RocksStore : public Store {
public:
    explicit RocksStore(std::string folder) : folder_(std::move(folder)) {
        rocksdb::DB* db = nullptr;
        check(rocksdb::DB::Open(options(), folder_, &db), "cannot open the store in " + folder_);
        set(db);
    }

    void each(const Visit& visit) override { walk("", visit); }
    void each_below(std::string_view prefix, const Visit& visit) override { walk(prefix, visit); }

    void commit(const std::vector<Write>& batch) override {
        if (!failure_.empty()) begin_anew();
        rocksdb::WriteBatch writes;
        for (const Write& write : batch) {
            if (write.value)
                check(writes.Put(write.key, *write.value), "cannot write");
            else
                check(writes.Delete(write.key), "cannot write");
        }
        rocksdb::WriteOptions options;
        options.sync = true;
        const rocksdb::Status status = db()->Write(options, &writes);
        if (!status.ok()) give_up("cannot write", status);
    }

private:
    using Clock = std::chrono::steady_clock;

    static std::string said(const std::string& what, const rocksdb::Status& status) { return what + ": " + status.ToString(); }
    static void check(const rocksdb::Status& status, const std::string& what) {
        if (!status.ok()) throw StoreError(said(what, status));
    }

    // Readers keep the one that they began with.
    std::shared_ptr<rocksdb::DB> db() const {
        const std::lock_guard lock(mutex_);
        return db_;
    }
    void set(rocksdb::DB* db) {
        std::shared_ptr<rocksdb::DB> next(db);
        const std::lock_guard lock(mutex_);
        std::swap(db_, next);
    }

    void walk(std::string_view prefix, const Visit& visit) {
        const auto db = this->db();
        if (!db) throw StoreError("the store cannot be read now");
        const std::unique_ptr<rocksdb::Iterator> row(db->NewIterator(rocksdb::ReadOptions()));
        const rocksdb::Slice begin(prefix.data(), prefix.size());
        for (row->Seek(begin); row->Valid() && row->key().starts_with(begin); row->Next()) visit(row->key().ToStringView(), row->value().ToStringView());
        check(row->status(), "cannot read the store");
    }

    [[noreturn]] void give_up(const std::string& what, const rocksdb::Status& status) {
        failure_ = said(what, status);
        needs_room_ = status.IsNoSpace();
        again_at_ = Clock::now() + pause_;
        pause_ = std::min(2 * pause_, longest_pause);
        set(nullptr); // its lock on the folder goes with it
        rocksdb::DB* reader = nullptr;
        if (rocksdb::DB::OpenForReadOnly(options(), folder_, &reader).ok()) set(reader);
        throw StoreError(failure_);
    }

    void begin_anew() {
        std::error_code error;
        const bool no_room = needs_room_ && std::filesystem::space(folder_, error).available < 2 * write_buffer;
        if (no_room || Clock::now() < again_at_) throw StoreError(failure_);
        set(nullptr);
        rocksdb::DB* db = nullptr;
        const rocksdb::Status status = rocksdb::DB::Open(options(), folder_, &db);
        if (!status.ok()) give_up("cannot open the store again", status);
        set(db);
        failure_.clear();
        pause_ = first_pause;
    }

    static constexpr Clock::duration first_pause = std::chrono::milliseconds(100), longest_pause = std::chrono::seconds(5);

    const std::string folder_;
    mutable std::mutex mutex_;
    std::shared_ptr<rocksdb::DB> db_; // guarded by mutex_; null: not even to be read
    std::string failure_;             // of the last write; empty: it was none
    bool needs_room_ = false;
    Clock::time_point again_at_;
    Clock::duration pause_ = first_pause;
};

} // namespace

std::unique_ptr<Store> open_rocks_store(const std::string& folder) { return std::make_unique<RocksStore>(folder); }

} // namespace gravity::registry
