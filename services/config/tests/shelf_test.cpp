// What is kept in memory, and when it is not believed any more.
#include "shelf.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

using namespace std::chrono_literals;

struct Parcel final : Kept {
    explicit Parcel(std::size_t size) : size(size) {}
    std::size_t bytes() const override { return size; }
    std::size_t size;
};

class Shelves : public testing::Test {
protected:
    ProjectId project = ProjectId::fresh(), other = ProjectId::fresh();
    Shelf shelf{100'000};
    const Shelf::Clock::time_point start = Shelf::Clock::now();

    Place place(const std::string& what) const { return {project, what}; }
    void put(const Place& place, Shelf::Clock::time_point at, std::size_t size = 1'000) {
        shelf.put(place, {std::make_shared<Parcel>(size), {}, shelf.moment(place.project), at});
    }
    bool good(const Place& place) {
        const Shelf::Item* item = shelf.look(place);
        return item != nullptr && shelf.unchanged(*item, place);
    }
    std::size_t size_of(const Place& place) { return shelf.look(place)->kept->bytes(); }
};

TEST_F(Shelves, KeepWhatIsOfTheirProjectAlone) {
    put(place("a"), start);
    EXPECT_TRUE(good(place("a")));
    EXPECT_EQ(shelf.look({other, "a"}), nullptr);
    EXPECT_EQ(shelf.look(place("b")), nullptr);
}

TEST_F(Shelves, DoNotBelieveWhatHasChanged) {
    put(place("a"), start);
    put({other, "a"}, start);
    shelf.heard(project, start + 1s);
    EXPECT_FALSE(good(place("a")));
    EXPECT_TRUE(good({other, "a"}) || shelf.moment(other) != Moment()); // unless both have one counter
    EXPECT_EQ(shelf.look(place("a"))->superseded_at, start + 1s); // it is there still, as the last that is known
    shelf.heard(project, start + 2s);
    EXPECT_EQ(shelf.look(place("a"))->superseded_at, start + 1s);
    put(place("a"), start + 3s);
    EXPECT_TRUE(good(place("a")));
    count_committed(project);
    EXPECT_FALSE(good(place("a")));
    put(place("a"), start + 4s);
    shelf.heard(std::nullopt, start + 5s);
    EXPECT_FALSE(good(place("a")));
    EXPECT_FALSE(good({other, "a"}));
}

TEST_F(Shelves, TakeWhatWasReadLast) {
    put(place("a"), start + 2s, 2'000);
    put(place("a"), start + 1s, 1'000);
    EXPECT_EQ(size_of(place("a")), 2'000u);
    put(place("a"), start + 3s, 3'000);
    EXPECT_EQ(size_of(place("a")), 3'000u);
}

TEST_F(Shelves, AreBoundedAndForgetWhatIsWantedLeast) {
    for (int i = 0; i < 1'000; ++i) {
        put(place("many" + std::to_string(i)), start);
        shelf.find(place("many0"), start); // somebody asks for it again and again
        ASSERT_LE(shelf.bytes(), 100'000u);
    }
    EXPECT_NE(shelf.look(place("many0")), nullptr);
    EXPECT_NE(shelf.look(place("many999")), nullptr);
    EXPECT_EQ(shelf.look(place("many1")), nullptr);
    put(place("huge"), start, 100'001);
    EXPECT_EQ(shelf.look(place("huge")), nullptr);
    EXPECT_NE(shelf.look(place("many999")), nullptr); // and nothing went for it
    put(place("many0"), start + 1s, 100'001); // became too large
    EXPECT_EQ(shelf.look(place("many0")), nullptr);
    for (int i = 0; i < 1'000; ++i) shelf.drop(place("many" + std::to_string(i)));
    EXPECT_EQ(shelf.bytes(), 0u);
    put(place("again"), start);
    EXPECT_TRUE(good(place("again")));
}

TEST_F(Shelves, LeaveAProjectWhatOthersDoNotNeedMore) {
    put({other, "theirs"}, start, 30'000);
    for (int i = 0; i < 1'000; ++i) put(place("many" + std::to_string(i)), start);
    EXPECT_NE(shelf.look({other, "theirs"}), nullptr); // although nobody has asked for it since
    EXPECT_EQ(shelf.look(place("many0")), nullptr);
    EXPECT_NE(shelf.look(place("many999")), nullptr);
    for (int i = 0; i < 1'000; ++i) put({other, "many" + std::to_string(i)}, start);
    EXPECT_EQ(shelf.look({other, "theirs"}), nullptr);
    EXPECT_NE(shelf.look(place("many999")), nullptr);
    EXPECT_LE(shelf.bytes(), 100'000u);
}

TEST_F(Shelves, ReadAgainWhatIsStillWanted) {
    put(place("wanted"), start);
    put(place("unwanted"), start);
    EXPECT_TRUE(shelf.outdated(start).empty());
    shelf.find(place("wanted"), start + 20h);
    shelf.heard(project, start + 20h);
    EXPECT_EQ(shelf.outdated(start + 20h).size(), 2u);
    const auto still = shelf.outdated(start + 30h);
    ASSERT_EQ(still.size(), 1u);
    EXPECT_EQ(still[0].what, "wanted");
    EXPECT_EQ(shelf.look(place("unwanted")), nullptr);
    put(place("wanted"), start + 30h); // by nobody's asking
    shelf.heard(project, start + 45h);
    EXPECT_TRUE(shelf.outdated(start + 45h).empty());
}

} // namespace
} // namespace gravity::config
