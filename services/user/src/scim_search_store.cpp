#include "scim_search_store.hpp"

#include "handles.hpp"
#include "scim_convert.hpp"
#include "scim_error.hpp"
#include "users_domain.hpp"
#include "users_row.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

namespace gravity::user::scim {
namespace {

enum class Compared {
    exact,    // texts as they are
    folded,   // texts whatever their case
    handle,   // a handle's key
    email,    // an address: equal as canonical_email has it
    id,       // a UUID
    member,   // a UUID: a member of a group, user or group
    external, // texts as they are, of one directory
    version,  // texts as they are, but for the mark of groups (scim_convert.hpp)
    boolean,
    moment,
    presence, // nothing but `pr`
};

// What may be filtered by, and how: the white list. Keys in lower case; rows are `r`, items `i`.
struct Column {
    std::string_view sql;
    Compared as = Compared::folded;
};
struct Items { // of a multi-valued attribute
    std::string_view from;
    std::map<std::string_view, Column> columns;
    std::string_view order; // which of them a resource is sorted by
};
struct Table {
    std::string_view names, named; // what clients call a resource, and the column of whose name it is; names are `e`
    std::map<std::string_view, Column> columns;
    std::map<std::string_view, Items> items;
};

constexpr std::string_view version_of_row = "('\"' || r.version || '\"')"; // as http::etag_of has it

const Table& users_table() {
    static const Table table{
        "user_external_id e where e.taken",
        "e.user_id",
        {{"id", {"r.id", Compared::id}},
         {"externalid", {"r.external_id", Compared::external}},
         {"meta.created", {"r.created_at", Compared::moment}},
         {"meta.lastmodified", {"r.updated_at", Compared::moment}},
         {"meta.resourcetype", {"'User'::text", Compared::exact}},
         {"meta.version", {version_of_row, Compared::version}},
         {"meta", {"true", Compared::presence}},
         {"username", {"r.handle_key", Compared::handle}},
         {"active", {"(r.state = 'active')", Compared::boolean}},
         {"name", {"nullif(r.profile -> 'name', 'null')", Compared::presence}},
         {"name.formatted", {"(r.profile -> 'name' ->> 'formatted')"}},
         {"name.familyname", {"(r.profile -> 'name' ->> 'family_name')"}},
         {"name.givenname", {"(r.profile -> 'name' ->> 'given_name')"}},
         {"name.middlename", {"(r.profile -> 'name' ->> 'middle_name')"}},
         {"name.honorificprefix", {"(r.profile -> 'name' ->> 'honorific_prefix')"}},
         {"name.honorificsuffix", {"(r.profile -> 'name' ->> 'honorific_suffix')"}},
         {"displayname", {"(r.profile ->> 'display_name')"}},
         {"nickname", {"(r.profile ->> 'nick_name')"}},
         {"profileurl", {"(r.profile ->> 'profile_url')", Compared::exact}},
         {"title", {"(r.profile ->> 'title')"}},
         {"usertype", {"(r.profile ->> 'user_type')"}},
         {"preferredlanguage", {"(r.profile ->> 'preferred_language')"}},
         {"locale", {"r.locale"}},
         {"timezone", {"r.time_zone"}},
         {"employeenumber", {"(r.profile -> 'employment' ->> 'employee_number')"}},
         {"costcenter", {"(r.profile -> 'employment' ->> 'cost_center')"}},
         {"organization", {"(r.profile -> 'employment' ->> 'organization')"}},
         {"division", {"(r.profile -> 'employment' ->> 'division')"}},
         {"department", {"(r.profile -> 'employment' ->> 'department')"}},
         {"manager", {"(r.profile -> 'employment' ->> 'manager')", Compared::presence}},
         {"manager.value", {"(r.profile -> 'employment' ->> 'manager')", Compared::exact}}},
        {{"schemas",
          {"unnest(case when jsonb_strip_nulls(coalesce(r.profile -> 'employment', 'null')) in ('null', '{}') "
           "then array['urn:ietf:params:scim:schemas:core:2.0:User'] else array['urn:ietf:params:scim:schemas:core:2.0:User', "
           "'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'] end) i (value) where true",
           {{"value", {"i.value"}}},
           "i.value"}},
         {"emails",
          {"user_contact i where i.user_id = r.id and i.kind = 'email'",
           {{"value", {"i.value", Compared::email}}, {"type", {"i.type"}}, {"primary", {"i.\"primary\"", Compared::boolean}}},
           "i.\"primary\" desc, i.position"}},
         {"phonenumbers",
          {"user_contact i where i.user_id = r.id and i.kind = 'phone'",
           {{"value", {"i.value"}}, {"type", {"i.type"}}, {"primary", {"i.\"primary\"", Compared::boolean}}},
           "i.\"primary\" desc, i.position"}},
         {"addresses",
          {"jsonb_array_elements(coalesce(r.profile -> 'addresses', '[]')) i where true",
           {{"formatted", {"(i ->> 'formatted')"}},
            {"streetaddress", {"(i ->> 'street_address')"}},
            {"locality", {"(i ->> 'locality')"}},
            {"region", {"(i ->> 'region')"}},
            {"postalcode", {"(i ->> 'postal_code')"}},
            {"country", {"(i ->> 'country')"}},
            {"type", {"(i ->> 'type')"}},
            {"primary", {"(i ->> 'primary')::boolean", Compared::boolean}}},
           "(i ->> 'primary')::boolean desc nulls last"}},
         {"groups",
          {"user_group_member i join user_group g on g.id = i.group_id where i.user_id = r.id",
           {{"value", {"g.id", Compared::id}}, {"display", {"g.display_name"}}},
           "g.id"}}}};
    return table;
}

const Table& groups_table() {
    static const Table table{"group_external_id e where true",
                             "e.group_id",
                             {{"id", {"r.id", Compared::id}},
                              {"externalid", {"r.external_id", Compared::external}},
                              {"meta.created", {"r.created_at", Compared::moment}},
                              {"meta.lastmodified", {"r.updated_at", Compared::moment}},
                              {"meta.resourcetype", {"'Group'::text", Compared::exact}},
                              {"meta.version", {version_of_row, Compared::version}},
                              {"meta", {"true", Compared::presence}},
                              {"displayname", {"r.display_name"}}},
                             {{"schemas",
                               {"unnest(array['urn:ietf:params:scim:schemas:core:2.0:Group']) i (value) where true", {{"value", {"i.value"}}}, "i.value"}},
                              {"members",
                               {"user_group_member i left join users u on u.id = i.user_id where i.group_id = r.id and u.deleted_at is null",
                                {{"value", {"i.member_id", Compared::member}}, //
                                 {"type", {"case when i.user_id is null then 'Group' else 'User' end"}}},
                                "i.user_id"}}}};
    return table;
}

const Table& table_of(const ResourceType& type) { return &type == &user_type() ? users_table() : groups_table(); }

[[noreturn]] void refuse(const std::string& name, std::string_view why) { throw invalid_filter(name + " " + std::string(why)); }

class Writer {
public:
    Writer(const ResourceType& type, const Directory& directory, bool all_types = false)
        : type_(type), table_(table_of(type)), directory_(directory), all_types_(all_types) {}

    std::string write(const Filter& filter) {
        switch (filter.kind) {
        case Filter::Kind::both: return joined(filter, " and ", [&](const Filter& part) { return write(part); });
        case Filter::Kind::either: return joined(filter, " or ", [&](const Filter& part) { return write(part); });
        case Filter::Kind::negated: return "not coalesce((" + write(filter.parts.front()) + "), false)"; // what is not there is not so
        case Filter::Kind::items: return write_items(filter);
        case Filter::Kind::compare: break;
        }
        if (const Attribute* const elsewhere = of_another_type(filter.path)) return comparison_with_nothing(*elsewhere, filter);
        const auto [key, sub] = keys_of(filter.path);
        if (const auto items = table_.items.find(key); items != table_.items.end()) {
            if (filter.op == Op::pr && sub.empty()) return exists(items->second, "true");
            const bool of_nothing = sub.empty() && filter.value.is_null(); // `emails eq null`: there are none
            if (of_nothing && filter.op == Op::eq) return "not " + exists(items->second, "true");
            if (of_nothing && filter.op == Op::ne) return exists(items->second, "true");
            const auto column = items->second.columns.find(sub.empty() ? "value" : std::string_view(sub));
            if (column == items->second.columns.end()) refuse(filter.path.name, "is filtered by its sub-attributes");
            return exists(items->second, comparison(column->second, filter));
        }
        const auto column = table_.columns.find(sub.empty() ? key : key + "." + sub);
        if (column == table_.columns.end()) refuse(filter.path.name, "is not filtered by");
        return comparison(column->second, filter);
    }

    /// Empty where no resource of the type has it.
    std::string order(const AttrPath& path) {
        if (of_another_type(path) != nullptr) return {};
        if (!resolve(type_, path)) throw invalid_path(path.name + " is no attribute");
        const auto [key, sub] = keys_of(path);
        const auto sorted = [&](const Column& column) {
            return column.as == Compared::folded || column.as == Compared::email ? "lower(" + std::string(column.sql) + ")" : sql_of(column);
        };
        if (const auto items = table_.items.find(key); items != table_.items.end()) {
            const auto column = items->second.columns.find(sub.empty() ? "value" : std::string_view(sub));
            if (column == items->second.columns.end()) throw invalid_path(path.name + " has no order");
            const std::string from(items->second.from), first(items->second.order);
            return "(select " + sorted(column->second) + " from " + from + " order by " + first + " limit 1)";
        }
        const auto column = table_.columns.find(sub.empty() ? key : key + "." + sub);
        if (column == table_.columns.end() || column->second.as == Compared::presence) throw invalid_path(path.name + " has no order");
        return sorted(column->second);
    }

    /// What the client calls a resource; of whoever is none, what the project does.
    std::string external_id() { return sql_of({"r.external_id", Compared::external}); }

    std::string value(std::string text) {
        values_.push_back(std::move(text));
        return "($1::text[])[" + std::to_string(values_.size()) + "]";
    }
    std::vector<std::string> take_values() && { return std::move(values_); }

private:
    template <class F>
    static std::string joined(const Filter& filter, std::string_view word, F write) {
        std::string sql;
        for (const Filter& part : filter.parts) sql += (sql.empty() ? "(" : std::string(word)) + write(part);
        return sql + ")";
    }

    // The keys of a path that the schemas have; of the extension's attributes the bare name.
    std::pair<std::string, std::string> keys_of(const AttrPath& path) const {
        const auto place = resolve(type_, path);
        if (!place || place->attribute == nullptr) refuse(path.name, "is no attribute");
        return {ascii::lower(place->attribute->name), place->sub == nullptr ? "" : ascii::lower(place->sub->name)};
    }

    static std::string exists(const Items& items, const std::string& where) { return "exists (select from " + std::string(items.from) + " and " + where + ")"; }

    // An attribute that another type has, where all types are searched.
    const Attribute* of_another_type(const AttrPath& path) const {
        if (!all_types_ || resolve(type_, path)) return nullptr;
        for (const ResourceType* const other : {&user_type(), &group_type()})
            if (const auto place = resolve(*other, path); place && place->attribute != nullptr) return place->attribute;
        return nullptr;
    }
    // As of whoever has no value: of a list no item fits, and one value is not what it is compared with.
    static std::string comparison_with_nothing(const Attribute& attribute, const Filter& filter) {
        const bool is_so = filter.value.is_null() ? filter.op == Op::eq : filter.op == Op::ne && !attribute.multi;
        return is_so ? "true" : "false";
    }

    std::string write_items(const Filter& filter) {
        if (of_another_type(filter.path) != nullptr) return "false";
        const auto [key, sub] = keys_of(filter.path);
        const auto items = table_.items.find(key);
        if (items == table_.items.end() || !sub.empty()) refuse(filter.path.name, "has no items");
        return exists(items->second, write_inside(items->second, filter.parts.front()));
    }
    std::string write_inside(const Items& items, const Filter& filter) {
        switch (filter.kind) {
        case Filter::Kind::both: return joined(filter, " and ", [&](const Filter& part) { return write_inside(items, part); });
        case Filter::Kind::either: return joined(filter, " or ", [&](const Filter& part) { return write_inside(items, part); });
        case Filter::Kind::negated: return "not coalesce((" + write_inside(items, filter.parts.front()) + "), false)";
        case Filter::Kind::items: refuse(filter.path.name, "has no items");
        case Filter::Kind::compare: break;
        }
        const auto column = items.columns.find(ascii::lower(filter.path.name));
        if (!filter.path.urn.empty() || !filter.path.sub.empty() || column == items.columns.end()) refuse(filter.path.name, "is no sub-attribute to filter by");
        return comparison(column->second, filter);
    }

    std::string names_of_client() { return std::string(table_.names) + " and e.client_id = " + value(directory_->to_string()) + "::uuid"; }
    std::string sql_of(const Column& column) {
        if (column.as != Compared::external || !directory_) return std::string(column.sql);
        return "(select e.external_id from " + names_of_client() + " and " + std::string(table_.named) + " = r.id)";
    }

    std::string comparison(const Column& column, const Filter& filter) {
        // Looked up first, as an array: an index serves it.
        if (column.as == Compared::external && directory_ && filter.op == Op::eq && filter.value.is_string()) {
            const std::string names = names_of_client(), named(table_.named);
            return "r.id = any (array(select " + named + " from " + names + " and e.external_id = " + value(filter.value.as_string()) + "))";
        }
        const std::string sql = sql_of(column);
        if (filter.op == Op::pr || (filter.op == Op::ne && filter.value.is_null())) return sql + " is not null";
        if (filter.op == Op::eq && filter.value.is_null()) return sql + " is null";
        switch (column.as) {
        case Compared::presence: refuse(filter.path.name, "is filtered by its sub-attributes");
        case Compared::boolean: return comparison_of_booleans(sql, filter);
        case Compared::moment: return comparison_of_moments(sql, filter);
        default: break;
        }
        if (!filter.value.is_string()) refuse(filter.path.name, "is compared with a text");
        const std::string& text = filter.value.as_string();
        switch (column.as) {
        case Compared::id: return comparison_of_ids(sql, filter, text);
        case Compared::member:
            // By the indices of who is a member of what: the members of a group may be many.
            if (const auto id = Uuid::parse(text); id && filter.op == Op::eq) {
                const std::string wanted = value(id->to_string()) + "::uuid";
                return "(i.user_id = " + wanted + " or i.member_group = " + wanted + ")";
            }
            return comparison_of_ids(sql, filter, text);
        case Compared::version: return comparison_of_texts(sql, value(written_versions(text)), filter.op);
        case Compared::handle: return comparison_of_texts(sql, value(handle_key(text)), filter.op);
        case Compared::email:
            if (filter.op == Op::eq) {
                const auto email = Email::parse(text);
                const auto canonical = email ? canonical_email(*email) : std::nullopt;
                return canonical ? "i.canonical = " + value(*canonical) : "false";
            }
            [[fallthrough]];
        case Compared::folded: return comparison_of_texts("lower(" + sql + ")", "lower(" + value(text) + ")", filter.op);
        default: return comparison_of_texts(sql, value(text), filter.op);
        }
    }

    std::string comparison_of_booleans(const std::string& sql, const Filter& filter) {
        if (filter.value.kind() != Json::Kind::boolean) refuse(filter.path.name, "is compared with true or false");
        if (filter.op != Op::eq && filter.op != Op::ne) refuse(filter.path.name, "has no order");
        return (filter.value == Json(true)) == (filter.op == Op::eq) ? sql : "not " + sql;
    }
    std::string comparison_of_moments(const std::string& sql, const Filter& filter) {
        const auto moment = filter.value.is_string() ? Timestamp::parse(filter.value.as_string()) : Parsed<Timestamp>(ParseError{});
        if (!moment) refuse(filter.path.name, "is compared with a moment (RFC 3339)");
        const std::string sign = sign_of(filter.op);
        if (sign.empty()) refuse(filter.path.name, "is not searched in");
        return sql + sign + value(moment->to_string()) + "::timestamptz";
    }
    std::string comparison_of_ids(const std::string& sql, const Filter& filter, const std::string& text) {
        if (filter.op == Op::eq) {
            const auto id = Uuid::parse(text);
            return id ? sql + " = " + value(id->to_string()) + "::uuid" : "false";
        }
        return comparison_of_texts(sql + "::text", value(text), filter.op);
    }

    static std::string sign_of(Op op) {
        switch (op) {
        case Op::eq: return " = ";
        case Op::ne: return " is distinct from ";
        case Op::gt: return " > ";
        case Op::ge: return " >= ";
        case Op::lt: return " < ";
        case Op::le: return " <= ";
        default: return "";
        }
    }
    // No `like`: nothing has to be escaped.
    static std::string comparison_of_texts(const std::string& sql, const std::string& wanted, Op op) {
        switch (op) {
        case Op::co: return "strpos(" + sql + ", " + wanted + ") > 0";
        case Op::sw: return "starts_with(" + sql + ", " + wanted + ")";
        case Op::ew: return "right(" + sql + ", length(" + wanted + ")) = " + wanted;
        default: return sql + sign_of(op) + wanted;
        }
    }

    const ResourceType& type_;
    const Table& table_;
    const Directory directory_;
    const bool all_types_;
    std::vector<std::string> values_;
};

/// A statement that is made while the process runs, with its texts.
template <class Signature>
struct Made {
    Made(std::string its_name, std::string its_text) : name(std::move(its_name)), text(std::move(its_text)), sql(name, text) {}
    const std::string name, text;
    const Sql<Signature> sql;
};

// What directories ask all the time is prepared, by its text: one attribute that is equal to something, in no order but that of ids. There are some forty of
// those; of what else there may be as many as there are filters, so that is not.
bool is_asked_all_the_time(const Search& search) {
    return !search.sort_by && !search.after && (!search.filter || (search.filter->kind == Filter::Kind::compare && search.filter->op == Op::eq));
}
// Those are made once for the process. Any thread.
template <class Signature>
std::shared_ptr<const Made<Signature>> statement_of(const Search& search, std::string text) {
    if (!is_asked_all_the_time(search)) return std::make_shared<const Made<Signature>>(std::string(), std::move(text));
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<const Made<Signature>>> all;
    const std::lock_guard lock(mutex);
    auto& one = all[text];
    if (!one) one = std::make_shared<const Made<Signature>>("scim." + hex_encode(sha256(text).substr(0, 12)), std::move(text));
    return one;
}

template <class Row, class Select>
Found<Row> find(Tx& tx, const ResourceType& type, const Search& search, const Directory& directory, Select select_by, std::string_view from) {
    Writer writer(type, directory, search.all_types);
    std::string where(from);
    if (search.filter) where += " and " + writer.write(*search.filter);
    std::string order = search.sort_by ? writer.order(*search.sort_by) : "";
    if (!order.empty()) order += search.descending ? " desc, " : ", ";
    const std::string behind = search.after ? " and r.id > " + writer.value(search.after->to_string()) + "::uuid" : "";
    const std::string select = select_by(writer);
    const std::vector<std::string> values = std::move(writer).take_values();

    Found<Row> found;
    if (search.count > 0) {
        std::string text = select + where + behind + " order by " + order + "r.id limit $2 offset $3";
        const auto list = statement_of<Row(std::vector<std::string>, std::int64_t, std::int64_t)>(search, std::move(text));
        found.rows = tx.all(list->sql, values, search.count + (search.by_cursor ? 1 : 0), search.skip);
        found.more = search.by_cursor && static_cast<std::int64_t>(found.rows.size()) > search.count;
        if (found.more) found.rows.pop_back();
    }
    // All are known from a page that is not full: nobody has to be counted.
    const auto shown = static_cast<std::int64_t>(found.rows.size());
    if (!search.after && !found.more && shown < search.count && (shown > 0 || search.skip == 0)) {
        found.total = search.skip + shown;
        return found;
    }
    const auto count = statement_of<std::int64_t(std::vector<std::string>)>(search, "select count(*)" + where);
    found.total = tx.one(count->sql, values);
    return found;
}

} // namespace

Condition condition_of(const ResourceType& type, const Filter& filter, const Directory& directory) {
    Writer writer(type, directory);
    std::string sql = writer.write(filter);
    return {std::move(sql), std::move(writer).take_values()};
}

Found<UserInGroups> find_users(Tx& tx, const Search& search, const Directory& directory, bool with_groups) {
    const auto select = [&](Writer& writer) {
        const std::string groups = with_groups ? GRAVITY_GROUPS_OF("r") : "'[]'::jsonb";
        return "select " GRAVITY_USER_ROW_UNNAMED("r") ", " + writer.external_id() + " as external_id, " + groups + " as groups";
    };
    constexpr std::string_view there = " from users r where r.state <> 'erased' and r.deleted_at is null and r.merged_into is null";
    return find<UserInGroups>(tx, user_type(), search, directory, select, there);
}
Found<Group> find_groups(Tx& tx, const Search& search, const Directory& directory) {
    const auto select = [](Writer&) -> std::string { return "select r.*"; };
    return find<Group>(tx, group_type(), search, directory, select, " from user_group r where true");
}

} // namespace gravity::user::scim
