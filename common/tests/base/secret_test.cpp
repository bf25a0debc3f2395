#include <gravity/base/bytes.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/base/text.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

using gravity::Secret;

namespace {

template <class T>
concept Comparable = requires(const T& a, const T& b) {
    a == b;
};
template <class T>
concept Printable = requires(std::ostream& out, const T& a) {
    out << a;
};
static_assert(!Comparable<Secret<>> && !Printable<Secret<>>);
static_assert(!std::is_convertible_v<Secret<>, std::string> && !std::is_convertible_v<std::string, Secret<>>);

bool holds(const void* memory, std::size_t size, std::string_view text) {
    const auto* begin = static_cast<const char*>(memory);
    return std::search(begin, begin + size, text.begin(), text.end()) != begin + size;
}

TEST(Secret, IsReadAndRevealed) {
    const auto secret = Secret<>::parse("hunter2");
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->reveal(), "hunter2");
    EXPECT_FALSE(Secret<>::parse(""));
    EXPECT_FALSE(Secret<>::parse("\xff"));
    EXPECT_FALSE(Secret<>{}.is_set());
    using Password = Secret<gravity::Text<8, 20>>;
    EXPECT_EQ(Password::parse("short").why(), "must be 8 to 20 characters");
    EXPECT_EQ(Password::parse("long enough")->reveal().view(), "long enough");
    EXPECT_EQ(Secret<gravity::Bytes>::parse("AAEC")->reveal().size(), 3u);
}

TEST(Secret, CannotBeWrittenThroughItsTable) {
    constexpr gravity::meta::Type type = Secret<gravity::Text<8, 20>>::describe();
    EXPECT_TRUE(type.secret);
    EXPECT_EQ(type.min, 8);
    const auto made = type.make();
    std::string why;
    ASSERT_TRUE(type.text->from_text("long enough", made.get(), why));
    EXPECT_TRUE(type.is_set(made.get()));
    std::string out;
    EXPECT_THROW(type.text->to_text(made.get(), out), std::logic_error);
    EXPECT_EQ(out, "");
}

TEST(Secret, ClearsItsMemory) {
    // Short texts live inside the object, so its own bytes can be looked at after its end.
    alignas(Secret<>) unsigned char place[sizeof(Secret<>)];
    auto* secret = new (place) Secret<>(std::string("hunter2"));
    ASSERT_TRUE(holds(place, sizeof place, "hunter2"));
    Secret<> moved(std::move(*secret));
    EXPECT_FALSE(holds(place, sizeof place, "hunter2"));
    EXPECT_FALSE(secret->is_set());
    *secret = moved;
    EXPECT_TRUE(holds(place, sizeof place, "hunter2"));
    *secret = Secret<>(std::string("other"));
    EXPECT_FALSE(holds(place, sizeof place, "nter2"));
    secret->~Secret();
    EXPECT_FALSE(holds(place, sizeof place, "other"));
    EXPECT_EQ(moved.reveal(), "hunter2");
}

TEST(Secret, WipesALongTextToItsCapacity) {
    std::string text = "a secret of more than fifteen characters";
    const char* memory = text.data();
    const std::size_t capacity = text.capacity();
    text.resize(3); // the rest is behind the end, but still there
    ASSERT_TRUE(holds(memory, capacity, "of more than fifteen"));
    gravity::wipe(text);
    EXPECT_EQ(text.data(), memory);
    EXPECT_TRUE(std::all_of(memory, memory + capacity, [](char c) { return c == '\0'; }));
    EXPECT_TRUE(text.empty());
}

TEST(Secret, CopiesStandAlone) {
    Secret<> a(std::string("one secret, long enough to be on the heap"));
    Secret<> b = a;
    a = Secret<>(std::string("another"));
    EXPECT_EQ(b.reveal(), "one secret, long enough to be on the heap");
    const Secret<>& self = b;
    b = self;
    EXPECT_EQ(b.reveal(), "one secret, long enough to be on the heap");
}

} // namespace
