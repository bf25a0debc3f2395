#include "support.hpp"
#include "variants_domain.hpp"

#include <gravity/json/codec.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

namespace gravity::product_catalog {
namespace {

Text<1, 100> text(std::string_view t) { return Text<1, 100>::parse(t).or_throw(); }
OptionAxis axis(std::string_view name, std::initializer_list<std::string_view> values) {
    OptionAxis axis{AttributeName::parse(name).or_throw(), {}};
    for (const auto value : values) axis.values.push_back(text(value));
    return axis;
}

TEST(OptionHash, TellsApartWhateverDiffersAndNothingElse) {
    std::mt19937 random(3);
    const std::string parts[] = {"a", "b", "ab", "a:b", "1:a", "2", "red", "r", "ed"};
    std::map<std::string, std::string> seen; // hash, options as text
    for (int i = 0; i < 2000; ++i) {
        std::vector<std::pair<std::string, std::string>> pairs;
        for (unsigned n = random() % 4; n > 0; --n) pairs.emplace_back(parts[random() % 9], parts[random() % 9]);
        Options forward, backward;
        for (const auto& [axis, value] : pairs) forward.insert_or_assign(axis, text(value));
        for (auto pair = forward.rbegin(); pair != forward.rend(); ++pair) backward.insert_or_assign(pair->first, pair->second);
        EXPECT_EQ(option_hash(forward), option_hash(backward));
        const auto [known, fresh] = seen.emplace(std::string(option_hash(forward).view()), json::encode(forward));
        EXPECT_EQ(known->second, json::encode(forward)) << "two combinations have one hash";
    }
    EXPECT_GT(seen.size(), 500u);
    EXPECT_EQ(option_hash({}).size(), 32u);
}

TEST(OptionMatrix, HasEveryCombinationOnce) {
    const std::vector<OptionAxis> axes{axis("color", {"red", "blue"}), axis("size", {"38", "39", "40"}), axis("width", {"w"})};
    const auto matrix = option_matrix(axes);
    EXPECT_EQ(static_cast<std::int64_t>(matrix.size()), combinations(axes));
    std::set<std::string> hashes;
    for (const Options& options : matrix) {
        NewVariant variant;
        variant.sku = "X";
        variant.options = options;
        ProductContent content;
        content.options = axes;
        EXPECT_EQ(refusal_of([&] { check_variant(variant, content, {}); }), "none");
        hashes.insert(std::string(option_hash(options).view()));
    }
    EXPECT_EQ(hashes.size(), 6u);
    EXPECT_TRUE(option_matrix({}).empty());
}

TEST(Combinations, AreCountedWithoutMakingThem) {
    OptionAxis thousand = axis("a", {});
    for (int i = 0; i < 1000; ++i) thousand.values.push_back(text(std::to_string(i)));
    EXPECT_EQ(combinations({thousand, thousand}), 1'000'000);
    EXPECT_EQ(combinations({thousand, thousand, thousand, thousand, thousand, thousand, thousand}), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(combinations({}), 0);
}

TEST(MadeSku, IsReadableAndOneThatIsNoneIsSaid) {
    const std::vector<OptionAxis> axes{axis("size", {"42"}), axis("color", {"Dark Red"})};
    EXPECT_EQ(sku_for("MUG", axes, {{"color", text("Dark Red")}, {"size", text("42")}}).or_throw().view(), "MUG-42-DARK-RED");
    EXPECT_FALSE(sku_for("MUG", axes, {{"color", text(std::string(100, 'x'))}, {"size", text("42")}}));
}

} // namespace
} // namespace gravity::product_catalog
