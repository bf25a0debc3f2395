#include "variants_domain.hpp"

#include "problems.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/meta/refuse.hpp>

#include <algorithm>
#include <limits>

namespace gravity::product_catalog {
namespace {

const OptionAxis* find_axis(const std::vector<OptionAxis>& axes, std::string_view name) {
    const auto found = std::find_if(axes.begin(), axes.end(), [&](const OptionAxis& axis) { return axis.name.view() == name; });
    return found == axes.end() ? nullptr : &*found;
}

} // namespace

void check_options(const Options& options, const std::vector<OptionAxis>& axes, meta::Errors& errors) {
    for (const auto& [name, value] : options) {
        const OptionAxis* axis = find_axis(axes, name);
        if (axis == nullptr)
            errors.reject(name, "is not an axis of the product");
        else if (std::find(axis->values.begin(), axis->values.end(), value) == axis->values.end())
            errors.reject(name, "is not one of the axis's values");
    }
    for (const OptionAxis& axis : axes)
        if (!options.contains(axis.name.view())) errors.reject(axis.name.view(), "is required: it is an axis of the product");
}

void check(const FindVariants& query, meta::Errors& errors) {
    if (query.sku.empty() || query.sku.size() > 200) errors.reject("sku", "must be 1 to 200 SKUs");
}

Bytes option_hash(const Options& options) {
    Sha256 hash;
    const auto add = [&hash](std::string_view text) { // with its length, so that no two texts run into a third
        hash.update(std::to_string(text.size()) + ":");
        hash.update(text);
    };
    for (const auto& [axis, value] : options) { // a map: in order
        add(axis);
        add(value.view());
    }
    return Bytes(hash.finish());
}

void check_variant(const NewVariant& variant, const ProductContent& product, const std::vector<AttributeDef>& defs) {
    meta::Errors errors;
    {
        meta::Errors::Step step(errors, "options");
        check_options(variant.options, product.options, errors);
    }
    {
        meta::Errors::Step step(errors, "attributes");
        check_attributes(defs, Level::variant, variant.attributes, errors);
        for (const auto& [axis, value] : variant.options)
            if (variant.attributes.contains(axis)) errors.reject(axis, "is given by the option of this name");
    }
    refuse_if_any(errors);
}

void refuse_beyond(std::int64_t limit, std::int64_t count) {
    if (count > limit)
        throw Refusal(too_many_variants, "The product would have " + std::to_string(count) + " variants; it may have " + std::to_string(limit))
            .with("variants", count)
            .with("limit", limit);
}

std::int64_t combinations(const std::vector<OptionAxis>& axes) {
    std::int64_t count = axes.empty() ? 0 : 1;
    for (const OptionAxis& axis : axes)
        if (__builtin_mul_overflow(count, static_cast<std::int64_t>(axis.values.size()), &count)) return std::numeric_limits<std::int64_t>::max();
    return count;
}

std::vector<Options> option_matrix(const std::vector<OptionAxis>& axes) {
    std::vector<Options> matrix;
    if (axes.empty()) return matrix;
    matrix.emplace_back();
    for (const OptionAxis& axis : axes) {
        std::vector<Options> longer;
        longer.reserve(matrix.size() * axis.values.size());
        for (const Options& begun : matrix)
            for (const auto& value : axis.values) {
                longer.push_back(begun);
                longer.back().insert_or_assign(axis.name.str(), value);
            }
        matrix = std::move(longer);
    }
    return matrix;
}

Parsed<Sku> sku_for(std::string_view prefix, const std::vector<OptionAxis>& axes, const Options& options) {
    std::string text(prefix);
    for (const OptionAxis& axis : axes) {
        text += '-';
        for (const char c : options.find(axis.name.view())->second.view()) text += ascii::is_space(c) ? '-' : ascii::upper(c);
    }
    return Sku::parse(text);
}

} // namespace gravity::product_catalog
