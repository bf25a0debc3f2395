#pragma once

#include <gravity/pg/sql.hpp>

#include <string>

namespace gravity::pg {

/// The non-template part of a bulk insert: an insert of one row, which check_sql prepares like any statement, and what COPY needs of it.
class BulkInsert {
public:
    BulkInsert(std::string_view name, std::string_view table, std::initializer_list<ConstraintProblem> constraints, const meta::Type& row,
               std::string_view on_conflict);

    const Statement& statement() const { return statement_; }
    const std::string& table() const { return table_; }
    const std::string& columns() const { return columns_; }
    const std::string& on_conflict() const { return on_conflict_; }

private:
    std::string table_, columns_, on_conflict_, text_; // before the statement, which refers to the text
    Statement statement_;
};

} // namespace gravity::pg

namespace gravity {

/// Many rows of one table at once, by PostgreSQL's COPY; a constant of store.cpp beside the statements:
///
///   const Copy<VariantRow> copy_variants{"variant.copy", "variant", {{"variant_sku_key", sku_taken}}};
///   tx.copy(copy_variants, rows);
///
/// The fields of Row are the columns; the others get their defaults. `on_conflict` is what stands behind ON CONFLICT: "(project, sku) do nothing".
template <class Row>
class Copy {
public:
    Copy(std::string_view name, std::string_view table, std::initializer_list<pg::ConstraintProblem> constraints = {}, std::string_view on_conflict = {})
        : bulk_(name, table, constraints, meta::type_of<Row>(), on_conflict) {}

    const pg::BulkInsert& bulk() const { return bulk_; }

private:
    pg::BulkInsert bulk_;
};

} // namespace gravity
