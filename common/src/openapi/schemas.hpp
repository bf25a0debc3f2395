#pragma once

#include <gravity/base/type.hpp>
#include <gravity/json/json.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::openapi {

/// One type has up to three schemas.
enum class Form : unsigned char {
    answer,
    input,
    patch
};

/// The schemas of one document. First every root is announced by `use`, then `assign_names` is called once, then
/// schemas are made: a component's name depends on how else its type is used.
class Schemas {
public:
    /// Names in `reserved` go to no type.
    explicit Schemas(std::set<std::string> reserved) : taken_(std::move(reserved)) {}

    void use(const meta::Type& type, Form form) { use(type, form, {}); }
    void assign_names();

    /// In place, or a reference to a component.
    Json of(const meta::Type& type, Form form) const;
    /// A member or parameter: what `of` gives, with the member's own words. An optional is one by being left out.
    Json member(const meta::Field& field, Form form) const;
    /// components/schemas.
    Json components() const;

private:
    // The operations of a type are its identity: Default<V> has a table of its own but shares them.
    struct Key {
        const void* identity;
        Form form;
        bool tagged; // as an alternative of a variant it has a "type" member
        auto operator<=>(const Key&) const = default;
    };
    struct Component {
        Key key;
        const meta::Type* type;
        std::string tag;
        std::string name{};
        bool shared = false; // answer and input are one schema, written once
    };

    static Key key_of(const meta::Type& type, Form form, bool tagged);
    void use(const meta::Type& type, Form form, std::string_view tag);
    const Component& component(const meta::Type& type, Form form, bool tagged) const;
    Json reference(const meta::Type& type, Form form, bool tagged) const;
    Json object(const Component& component) const;
    Json variant(const meta::Type& type, Form form) const;
    std::string unique(std::string name);

    std::vector<Component> components_; // in order of first use
    std::map<Key, std::size_t> index_;
    std::set<std::string> taken_;
};

/// "ProductPage" for "Page<gravity::catalog::Product>"; letters and digits only, never empty.
std::string component_name(std::string_view type_name);
/// The value of `field` in a default-constructed object, if an input may leave the field out and something stands there
/// then.
const void* default_of(const meta::Field& field, const void* prototype);

} // namespace gravity::openapi
