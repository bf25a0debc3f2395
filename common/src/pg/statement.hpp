#pragma once

#include <gravity/pg/sql.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace gravity::pg {

/// One value that the arguments of a statement offer: an argument itself, or a (nested) field of a described one.
struct Slot {
    std::string name;                        // column name it stands for; empty for a plain argument
    std::size_t argument = 0;                // position among the arguments
    std::vector<const meta::Field*> path{};  // fields to walk, through optionals
    const meta::Type* type = nullptr;        // of the value at the end
};

/// A key of `$page(...)`.
struct PageKey {
    std::string expression; // as written, "p.created_at"
    std::string column;     // its name in the result, "created_at"
    bool descending = false;
};

/// What is sent for one `$k`.
struct Parameter {
    enum class Source : unsigned char {
        slot,
        page_key,
        page_limit
    } source = Source::slot;
    std::size_t index = 0; // of the slot, or of the page key
};

/// A statement ready to be sent.
struct Compiled {
    std::vector<Slot> slots;
    std::string name;                  // of the text below
    std::string sql;                   // for lists: the first page
    std::vector<Parameter> parameters; // $1, $2, ...
    std::string name_after;
    std::string sql_after;             // for lists: a page after a cursor
    std::vector<Parameter> parameters_after;
    std::vector<PageKey> keys; // not empty: ends in $page(...)
    std::size_t limit_slot = 0;
    std::size_t cursor_slot = 0;
    bool generic_plan = false; // `$generic_plan`: reads plan it once, for any values (decision 31)
};

Compiled compile(const Statement& statement);
std::vector<Slot> flatten(const std::vector<const meta::Type*>& parameters);

/// The argument's value for a slot, as PostgreSQL's text form; nothing for null.
std::optional<std::string> bind(const Slot& slot, std::span<const meta::Ref> args);
/// One described value in PostgreSQL's text form.
std::string to_sql_text(meta::Ref value);
/// The reverse; throws std::runtime_error for a text the type cannot hold (the row is damaged or the statement wrong).
void from_sql_text(std::string_view text, bool is_json, meta::MutableRef out);

} // namespace gravity::pg
