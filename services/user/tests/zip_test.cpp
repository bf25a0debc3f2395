#include "zip.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace gravity::user {
namespace {

TEST(Zip, SumsAsEverybodyDoes) {
    EXPECT_EQ(crc32(""), 0U);
    EXPECT_EQ(crc32("123456789"), 0xCBF43926U); // the check value of the catalogue of CRCs
}

TEST(Zip, HasADirectoryThatPointsAtItsFiles) {
    ZipWriter zip;
    std::string all;
    for (const std::string name : {"a.json", "b/c.json"}) {
        const std::string bytes = "{\"" + name + "\":1}";
        all += zip.begin_file(name, bytes) + bytes;
    }
    const std::size_t directory = all.size();
    all += zip.finish();
    const auto number = [&](std::size_t at, int bytes) {
        std::uint32_t value = 0;
        for (int i = bytes; i-- > 0;) value = value << 8U | static_cast<unsigned char>(all[at + static_cast<std::size_t>(i)]);
        return value;
    };
    const std::size_t end = all.size() - 22;
    EXPECT_EQ(number(end, 4), 0x06054B50U);
    EXPECT_EQ(number(end + 10, 2), 2U);
    EXPECT_EQ(number(end + 16, 4), directory);
    std::size_t at = directory;
    for (const std::string name : {"a.json", "b/c.json"}) {
        const std::string bytes = "{\"" + name + "\":1}";
        EXPECT_EQ(number(at, 4), 0x02014B50U);
        EXPECT_EQ(number(at + 16, 4), crc32(bytes));
        EXPECT_EQ(number(at + 24, 4), bytes.size());
        EXPECT_EQ(all.substr(at + 46, name.size()), name);
        const std::size_t local = number(at + 42, 4);
        EXPECT_EQ(number(local, 4), 0x04034B50U);
        EXPECT_EQ(all.substr(local + 30, name.size() + bytes.size()), name + bytes);
        at += 46 + name.size();
    }
    EXPECT_EQ(at, end);
    EXPECT_THROW(zip.begin_file(std::string(70'000, 'a'), ""), std::length_error);
}

TEST(Zip, MayBeEmpty) { EXPECT_EQ(ZipWriter().finish().size(), 22U); }

} // namespace
} // namespace gravity::user
