// Bulk rows. COPY itself refuses tables with row-level security, so the rows go to a table of this transaction first and from there through the
// policies into theirs: two round trips and a sequential read instead of one statement a row.
#include "pg/tx_state.hpp"

#include <gravity/pg/copy.hpp>
#include <gravity/pg/tx.hpp>

namespace gravity {

namespace pg {
namespace {

std::string column_list(const meta::Type& row) {
    std::string columns;
    for (const Slot& slot : flatten({&row})) columns += (columns.empty() ? "" : ", ") + slot.name;
    return columns;
}

std::string insert_of(const std::string& table, const std::string& columns, const std::string& on_conflict) {
    std::string places;
    std::size_t count = 1;
    for (const char c : columns) count += c == ',' ? 1 : 0;
    for (std::size_t i = 1; i <= count; ++i) places += (i == 1 ? "$" : ", $") + std::to_string(i);
    return "insert into " + table + " (" + columns + ") values (" + places + ")" + (on_conflict.empty() ? "" : " on conflict " + on_conflict);
}

// The text format of COPY (PostgreSQL manual, COPY, "Text Format").
void append_escaped(std::string& line, const std::optional<std::string>& value) {
    if (!value) {
        line += "\\N";
        return;
    }
    for (const char c : *value) {
        switch (c) {
        case '\\': line += "\\\\"; break;
        case '\t': line += "\\t"; break;
        case '\n': line += "\\n"; break;
        case '\r': line += "\\r"; break;
        default: line += c;
        }
    }
}

} // namespace

BulkInsert::BulkInsert(std::string_view name, std::string_view table, std::initializer_list<ConstraintProblem> constraints, const meta::Type& row,
                       std::string_view on_conflict)
    : table_(table),
      columns_(column_list(row)),
      on_conflict_(on_conflict),
      text_(insert_of(table_, columns_, on_conflict_)),
      statement_(name, text_, constraints, {&row}, nullptr) {}

} // namespace pg

std::int64_t Tx::copy_rows(const pg::BulkInsert& bulk, std::size_t count, meta::Ref list) {
    if (count == 0) return 0;
    const meta::ListOps& rows = *list.type->list;
    const std::vector<pg::Slot> slots = pg::flatten({&rows.element()});
    const auto next_line = [&](std::size_t index, std::string& line) {
        const meta::Ref row[] = {{&rows.element(), rows.at(list.value, index)}};
        line.clear();
        for (std::size_t i = 0; i < slots.size(); ++i) {
            if (i > 0) line += '\t';
            pg::append_escaped(line, pg::bind(slots[i], row));
        }
    };
    return state_.copy(bulk, count, next_line);
}

} // namespace gravity
