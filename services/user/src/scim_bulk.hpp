#pragma once

#include <gravity/json/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

/// Many operations in one request (RFC 7644 section 3.7): what is asked for, in which order it can be done, and what each of it says. Pure.
namespace gravity::user::scim {

inline constexpr std::size_t most_bulk_operations = 1000;

enum class BulkMethod {
    post,
    put,
    patch,
    remove
};

struct BulkOperation {
    BulkMethod method{};
    std::string method_text; // as it was sent
    std::string path;        // "/Users/7", "/Groups/bulkId:qwerty"
    std::string bulk_id;     // of a POST
    std::string version;     // an ETag, or empty
    Json data;
};

struct BulkRequest {
    std::optional<std::size_t> fail_on_errors; // stop after so many
    std::vector<BulkOperation> operations;
};

/// Throws Refused: `invalidSyntax`, or 413 beyond 1,000 operations.
BulkRequest bulk_request(const Json& message);

/// One step of many: an operation as it is; or, of a POST that is a part of a circle, first what can be made of it (`part`) and later all of it (`rest`).
struct BulkStep {
    enum class Kind {
        whole,
        part,
        rest
    };
    std::size_t operation = 0;
    Kind kind = Kind::whole;
};

/// Each operation after those whose `bulkId` it names, otherwise as they were sent. Of those that wait for one another in a circle the first POST is made
/// without what is not there yet, and completed at the end (section 3.7.1).
std::vector<BulkStep> bulk_order(const std::vector<BulkOperation>& operations);

/// Takes out of the data what names a resource that is not there: an item of a list as a whole, else the member.
void leave_out_unknown(BulkOperation& operation, const std::map<std::string, std::string>& ids);

/// `bulkId:<id>` in the path and in texts of the data, with the ids that have been given. The name of one that has not.
std::optional<std::string> resolve_bulk_ids(BulkOperation& operation, const std::map<std::string, std::string>& ids);

} // namespace gravity::user::scim
