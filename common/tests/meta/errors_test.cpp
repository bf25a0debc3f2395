#include <gravity/base/utf8.hpp>
#include <gravity/meta/errors.hpp>

#include <gtest/gtest.h>

namespace gravity::meta {
namespace {

using Fault = Errors::Fault;

TEST(Errors, PointToTheirPlace) {
    Errors errors;
    {
        Errors::Step items(errors, "items");
        Errors::Step second(errors, std::size_t{1});
        Errors::Step name(errors, "a/b~c");
        errors.add(Fault::shape, "is wrong");
    }
    errors.add(Fault::value, "as a whole");
    ASSERT_EQ(errors.items().size(), 2u);
    EXPECT_EQ(errors.items()[0].pointer, "/items/1/a~1b~0c");
    EXPECT_EQ(errors.items()[1].pointer, "");
    EXPECT_EQ(errors.to_string(), "/items/1/a~1b~0c: is wrong; as a whole");
}

TEST(Errors, AnEmptyNameIsAPlaceOfItsOwn) {
    Errors errors;
    Errors::Step step(errors, "");
    errors.add(Fault::shape, "x");
    EXPECT_EQ(errors.items()[0].pointer, "/");
}

TEST(Errors, OneShapeMakesAllAShape) {
    Errors errors;
    errors.reject("a", "too big");
    EXPECT_FALSE(errors.any_shape());
    errors.add(Fault::shape, "unknown");
    EXPECT_TRUE(errors.any_shape());
}

TEST(Errors, KeepFiftyAndCountAll) {
    Errors errors;
    for (int i = 0; i < 120; ++i) errors.add(Fault::value, "x");
    EXPECT_EQ(errors.items().size(), Errors::max_items);
    EXPECT_EQ(errors.count(), 120u);
    Errors sum;
    sum.append(errors);
    EXPECT_EQ(sum.count(), 120u);
    EXPECT_EQ(sum.items().size(), Errors::max_items);
}

TEST(Errors, AppendPutsTheOthersBelowThePlace) {
    Errors inner;
    inner.reject("end", "is before the begin");
    inner.reject("", "is odd");
    Errors errors;
    Errors::Step step(errors, "range");
    errors.append(inner);
    EXPECT_EQ(errors.to_string(), "/range/end: is before the begin; /range: is odd");
}

TEST(Errors, AppendAsTakesFaultsForAnotherKind) {
    Errors inner;
    inner.add(Fault::shape, "must be a number");
    Errors errors;
    Errors::Step step(errors, "weight");
    errors.append_as(Fault::value, inner);
    EXPECT_EQ(errors.to_string(), "/weight: must be a number");
    EXPECT_FALSE(errors.any_shape());
}

// A long name repeated in fifty pointers would make the answer many times as large as the request.
TEST(Errors, CutALongNameBetweenTwoCodePoints) {
    std::string name(Errors::max_key - 1, 'x');
    name += "\xC3\xA9 and more";
    Errors errors;
    Errors::Step step(errors, name);
    errors.add(Fault::shape, "x");
    EXPECT_EQ(errors.items()[0].pointer, "/" + std::string(Errors::max_key - 1, 'x') + "...");
    EXPECT_TRUE(utf8::valid(errors.items()[0].pointer));
}

TEST(Errors, ANameOfJustTheLimitIsWhole) {
    const std::string name(Errors::max_key, 'x');
    Errors errors;
    Errors::Step step(errors, name);
    errors.add(Fault::shape, "x");
    EXPECT_EQ(errors.items()[0].pointer, "/" + name);
}

} // namespace
} // namespace gravity::meta
