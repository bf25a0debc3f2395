#pragma once

#include <gravity/base/problem.hpp>
#include <gravity/meta/describe.hpp>

#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::pg {

/// A violated constraint, by name, and what the caller is told then.
struct ConstraintProblem {
    std::string_view constraint;
    Problem problem;
};

struct Compiled; // src/pg/statement.hpp

/// The non-template part of a statement.
class Statement {
public:
    Statement(std::string_view name, std::string_view text, std::initializer_list<ConstraintProblem> constraints,
              std::vector<const meta::Type*> parameters, const meta::Type* row);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    std::string_view name() const { return name_; }
    std::string_view text() const { return text_; }
    const std::vector<ConstraintProblem>& constraints() const { return constraints_; }
    const std::vector<const meta::Type*>& parameters() const { return parameters_; }
    const meta::Type* row() const { return row_; } // null: returns no rows
    /// Placeholders resolved to positions; done once, at the first use. Throws std::logic_error for a statement that cannot be right.
    const Compiled& compiled() const;

    /// Every statement of the process, for testkit::check_sql().
    static std::vector<const Statement*> all();

private:
    std::string_view name_;
    std::string_view text_;
    std::vector<ConstraintProblem> constraints_;
    std::vector<const meta::Type*> parameters_;
    const meta::Type* row_;
    mutable std::once_flag compile_once_;
    mutable std::shared_ptr<const Compiled> compiled_;
};

} // namespace gravity::pg

namespace gravity {

/// A named, typed SQL statement; a constant of store.cpp:
///
///   const Sql<Product(ProductId)> get_product{"product.get", "select * from product where id = $1"};
///
/// Row is what one row becomes: a described struct by column names (further columns are ignored), one value, or `void`.
/// Arguments are bound in order ($1, $2, ...); a described struct is flattened in field order, Money to two parameters; `$name` names
/// a field of a described argument. `$page(created_at desc, id desc)` at the end of a list statement expands to the keyset
/// comparison, the order and the limit of a PageQuery argument.
template <class Signature>
class Sql;

template <class Row, class... Args>
class Sql<Row(Args...)> {
public:
    Sql(std::string_view name, std::string_view text, std::initializer_list<pg::ConstraintProblem> constraints = {})
        : statement_(name, text, constraints, {&meta::type_of<Args>()...}, row_type()) {}

    const pg::Statement& statement() const { return statement_; }

private:
    static const meta::Type* row_type() {
        if constexpr (std::is_void_v<Row>)
            return nullptr;
        else
            return &meta::type_of<Row>();
    }
    pg::Statement statement_;
};

} // namespace gravity
