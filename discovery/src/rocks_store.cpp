#include "store.hpp"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

namespace gravity::registry {
namespace {

class RocksStore : public Store {
public:
    explicit RocksStore(const std::string& folder) {
        rocksdb::Options options;
        options.create_if_missing = true;
        // What is read comes from memory, so the store needs no caches to speak of: an idle daemon stays small.
        options.write_buffer_size = 4 << 20;
        options.max_write_buffer_number = 2;
        options.max_total_wal_size = 16 << 20;
        options.keep_log_file_num = 2;
        options.max_open_files = 64;
        options.compression = rocksdb::kNoCompression;
        // A torn last record was never acknowledged; damage before it must stop the start instead of losing what came after silently.
        options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
        rocksdb::DB* db = nullptr;
        check(rocksdb::DB::Open(options, folder, &db), "cannot open the store in " + folder);
        db_.reset(db);
    }

    void each(const std::function<void(std::string_view, std::string_view)>& visit) override {
        const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator(rocksdb::ReadOptions()));
        for (row->SeekToFirst(); row->Valid(); row->Next()) visit(row->key().ToStringView(), row->value().ToStringView());
        check(row->status(), "cannot read the store");
    }

    void each_below(std::string_view prefix, const std::function<void(std::string_view, std::string_view)>& visit) override {
        const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator(rocksdb::ReadOptions()));
        const rocksdb::Slice begin(prefix.data(), prefix.size());
        for (row->Seek(begin); row->Valid() && row->key().starts_with(begin); row->Next()) visit(row->key().ToStringView(), row->value().ToStringView());
        check(row->status(), "cannot read the store");
    }

    void commit(const std::vector<Write>& batch) override {
        if (failed_) { // after an error RocksDB refuses every write until it is told to try again
            check(db_->Resume(), "the store is still not writable");
            failed_ = false;
        }
        rocksdb::WriteBatch writes;
        for (const Write& write : batch) {
            if (write.value)
                check(writes.Put(write.key, *write.value), "cannot write");
            else
                check(writes.Delete(write.key), "cannot write");
        }
        rocksdb::WriteOptions options;
        options.sync = true;
        const rocksdb::Status status = db_->Write(options, &writes);
        failed_ = !status.ok();
        check(status, "cannot write");
    }

private:
    static void check(const rocksdb::Status& status, const std::string& what) {
        if (!status.ok()) throw StoreError(what + ": " + status.ToString());
    }
    std::unique_ptr<rocksdb::DB> db_;
    bool failed_ = false;
};

} // namespace

std::unique_ptr<Store> open_rocks_store(const std::string& folder) { return std::make_unique<RocksStore>(folder); }

} // namespace gravity::registry
