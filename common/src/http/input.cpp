#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/http/deep_object.hpp>
#include <gravity/http/input.hpp>
#include <gravity/http/problem.hpp>
#include <gravity/json/codec.hpp>
#include <gravity/meta/text.hpp>

#include <algorithm>

namespace gravity::http {

using meta::Errors;
using meta::Kind;
using Fault = meta::Errors::Fault;

namespace {

class QueryReader {
public:
    QueryReader(meta::MutableRef out, Errors& errors) : out_(out), fields_(out.type->object->fields()), errors_(errors), seen_(fields_.size()) {}

    void take(const QueryParameter& parameter) {
        // A name may end in the store, as a member of a map, and in the answer that points at it: what a body would refuse is refused here.
        if (!utf8::valid(parameter.name) || parameter.name.find('\0') != std::string::npos)
            return errors_.add(Fault::shape, "a parameter must be named in UTF-8 without NUL");
        Errors::Step step(errors_, parameter.name);
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            const meta::Type& type = fields_[i].type();
            const std::string_view name = fields_[i].name;
            if (type.kind == Kind::map) {
                const auto member = member_of(name, type, parameter.name);
                if (!member) continue;
                if (!seen_[i]) type.map->clear(fields_[i].at(out_.value));
                seen_[i] = true;
                return read_member(*member, parameter.value, type, fields_[i].at(out_.value));
            }
            if (parameter.name != name) continue;
            if (type.kind == Kind::list) return read_list(parameter.value, type, fields_[i].at(out_.value), i);
            if (seen_[i]) return errors_.add(Fault::shape, "is given twice");
            seen_[i] = true;
            return read(parameter.value, {&type, fields_[i].at(out_.value)});
        }
        errors_.add(Fault::shape, "is not a known parameter");
    }

    void require() {
        const auto& required = meta::required_fields_cached(*out_.type);
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            Errors::Step step(errors_, fields_[i].name);
            if (required[i] && !seen_[i])
                errors_.add(Fault::shape, "is required");
            else if (seen_[i])
                require_enough(fields_[i].type(), fields_[i].at(out_.value));
        }
    }

private:
    // "color" of "attr.color" where `attr` is a map, and of "attr[color]" where it is a deep object; nothing of what is no member of it.
    static std::optional<std::string_view> member_of(std::string_view map, const meta::Type& type, std::string_view parameter) {
        const bool deep = deep_object::is_one(type);
        if (!parameter.starts_with(map)) return std::nullopt;
        parameter.remove_prefix(map.size());
        if (parameter.empty() || parameter.front() != (deep ? '[' : '.')) return std::nullopt;
        parameter.remove_prefix(1);
        if (deep) {
            if (!parameter.ends_with(']')) return std::nullopt;
            parameter.remove_suffix(1);
            if (parameter.find_first_of("[]") != parameter.npos) return std::nullopt;
        }
        return parameter.empty() ? std::nullopt : std::optional<std::string_view>(parameter);
    }

    void read(std::string_view text, meta::MutableRef place) {
        std::string why;
        if (!meta::from_text(text, place, why)) errors_.add(Fault::value, std::move(why));
    }

    // The upper bound is held while reading.
    void require_enough(const meta::Type& type, const void* value) {
        const bool list = type.kind == Kind::list;
        if (!list && type.kind != Kind::map) return;
        const auto size = static_cast<std::int64_t>(list ? type.list->size(value) : type.map->size(value));
        if (size < type.min) errors_.add(Fault::value, "must have at least " + std::to_string(type.min) + " items");
    }

    void read_member(std::string_view key, std::string_view text, const meta::Type& type, void* map) {
        if (deep_object::is_one(type) && key.size() > deep_object::longest_name)
            return errors_.add(Fault::shape, "must have a name of at most " + std::to_string(deep_object::longest_name) + " bytes");
        const auto before = type.map->size(map);
        void* const place = type.map->insert(map, key);
        if (type.map->size(map) == before) return errors_.add(Fault::shape, "is given twice");
        if (static_cast<std::int64_t>(before) >= type.max) return errors_.add(Fault::value, "is one too many (at most " + std::to_string(type.max) + ")");
        read(text, {&type.map->element(), place});
    }

    void read_list(std::string_view text, const meta::Type& type, void* list, std::size_t index) {
        if (!seen_[index]) type.list->clear(list);
        seen_[index] = true;
        for (const auto part : ascii::split(text, ',')) {
            if (static_cast<std::int64_t>(type.list->size(list)) >= type.max)
                return errors_.add(Fault::value, "must have at most " + std::to_string(type.max) + " items");
            read(part, {&type.list->element(), type.list->append(list)});
        }
    }

    meta::MutableRef out_;
    std::span<const meta::Field> fields_;
    Errors& errors_;
    std::vector<bool> seen_;
};

} // namespace

void Input::read_path(std::string_view name, meta::MutableRef out) const {
    const auto found = std::find_if(path_parameters_.begin(), path_parameters_.end(), [&](const auto& p) { return p.first == name; });
    if (found == path_parameters_.end()) throw std::logic_error("the route has no {" + std::string(name) + "}");
    std::string why;
    if (!meta::from_text(found->second, out, why)) throw Refusal(problems::not_found, std::string(name) + " " + why);
}

void Input::read_query(meta::MutableRef out) {
    const auto parameters = parse_query(request_.query);
    if (!parameters) return query_faults_.add(Fault::shape, "the query string is malformed or has too many parameters");
    QueryReader reader(out, query_faults_);
    for (const QueryParameter& parameter : *parameters) reader.take(parameter);
    reader.require();
    if (query_faults_.empty() && out.type->object->check != nullptr) out.type->object->check(out.value, query_faults_);
}

Json Input::body_document() {
    auto document = Json::parse(request_.body);
    if (document) return *std::move(document);
    const std::string why = document.why(); // "not valid JSON near byte 3", or what is wrong in valid JSON
    throw Refusal(problems::malformed, (why.starts_with("not ") ? "The body is " : "The body is not acceptable JSON: ") + why);
}

void Input::read_body(meta::MutableRef out) { json::decode(body_document(), out, body_faults_); }

void Input::refuse_faults() const {
    if (query_faults_.empty() && body_faults_.empty()) return;
    if (body_faults_.empty()) throw refusal_of(query_faults_, "query");
    if (query_faults_.empty()) throw refusal_of(body_faults_);
    const bool shape = query_faults_.any_shape() || body_faults_.any_shape();
    auto faults = refusal_of(query_faults_, "query").faults();
    const Refusal of_body = refusal_of(body_faults_); // named: a range-for over a member of a temporary outlives it
    faults.insert(faults.end(), of_body.faults().begin(), of_body.faults().end());
    throw Refusal(shape ? problems::malformed : problems::invalid, query_faults_.to_string() + "; " + body_faults_.to_string()).with_faults(std::move(faults));
}

} // namespace gravity::http
