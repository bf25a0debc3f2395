#include "scim_members.hpp"

#include "scim_message.hpp"
#include "scim_schema.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/uuid.hpp>

#include <algorithm>
#include <set>

namespace gravity::user::scim {
namespace {

class Named {
public:
    /// Whether the operation looks at no others than it names.
    bool note(const Json& operation) {
        const Json* const op = member(operation, "op");
        const Json* const path = member(operation, "path");
        const Json* const value = member(operation, "value");
        const std::string verb = op != nullptr && op->is_string() ? ascii::lower(op->as_string()) : "";
        if (path != nullptr) return !path->is_string() || note_at(verb, parse_path(path->as_string()), value);
        if (value == nullptr || !value->is_object()) return true;
        return std::all_of(value->as_object().begin(), value->as_object().end(), [&](const auto& one) {
            return ascii::iequals(one.first, "schemas") || note_at(verb, parse_path(one.first), one.second.is_null() ? nullptr : &one.second);
        });
    }

    std::vector<std::string> ids() const { return {ids_.begin(), ids_.end()}; }

private:
    bool note_at(std::string_view verb, const PatchPath& path, const Json* value) {
        const auto place = resolve(group_type(), path.attribute);
        if (!place || place->attribute == nullptr || place->attribute->name != "members") return true;
        if (!path.sub.empty() || place->sub != nullptr) return false;
        if (path.items) return verb == "remove" && note_filter(*path.items);
        if (verb != "add" && verb != "remove") return false;
        if (value == nullptr) return verb == "add"; // which is refused; to remove nobody in particular is to remove all
        note_items(*value);
        return true;
    }

    bool note_filter(const Filter& filter) {
        const auto notes = [this](const Filter& part) { return note_filter(part); };
        switch (filter.kind) {
        case Filter::Kind::either: return std::all_of(filter.parts.begin(), filter.parts.end(), notes);
        case Filter::Kind::both: return std::any_of(filter.parts.begin(), filter.parts.end(), notes);
        case Filter::Kind::negated:
        case Filter::Kind::items: return false;
        case Filter::Kind::compare: break;
        }
        const bool plain = filter.path.urn.empty() && filter.path.sub.empty() && ascii::iequals(filter.path.name, "value");
        if (!plain || filter.op != Op::eq || !filter.value.is_string()) return false;
        note_id(filter.value);
        return true;
    }

    // One may stand for a list of one.
    void note_items(const Json& value) {
        if (value.is_object()) return note_item(value);
        if (!value.is_array()) return;
        for (const Json& item : value.as_array())
            if (item.is_object()) note_item(item);
    }
    void note_item(const Json& item) {
        if (const Json* const id = member(item, "value")) note_id(*id);
    }
    // What is no id is nobody's: nobody has to be looked for.
    void note_id(const Json& text) {
        const auto id = text.is_string() ? Uuid::parse(text.as_string()) : Parsed<Uuid>(ParseError{});
        if (id) ids_.insert(id->to_string());
    }

    std::set<std::string> ids_;
};

} // namespace

std::optional<std::vector<std::string>> members_named(const Json& message) {
    Named named;
    const Json* const operations = message.is_object() ? member(message, "Operations") : nullptr;
    if (operations != nullptr && operations->is_array())
        for (const Json& operation : operations->as_array())
            if (operation.is_object() && !named.note(operation)) return std::nullopt;
    return named.ids();
}

} // namespace gravity::user::scim
