// Snapshots as archives: what Debian's own tools find in them, and what is refused.
#include "archive.hpp"
#include "snapshot.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/compress.hpp>
#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace gravity::registry {
namespace {

constexpr std::size_t limit = 1 << 20;

std::string fault_of(const std::string& file, std::size_t most = limit) {
    try {
        return "taken: " + unpack_archive(file, most);
    } catch (const SnapshotError& error) {
        return error.what();
    }
}

std::string tar_of(const std::string& archive) { return http::decompress(http::Coding::gzip, archive, limit).value(); }
std::string again(const std::string& tar) { return http::compress(http::Coding::gzip, tar); }

TEST(Archive, IsOneToTarAndItsSumsHold) {
    char name[] = "/tmp/gravity-archive-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    const std::string folder = name;
    std::string state("state\0\xFF", 7);
    state += std::string(5000, 'x');
    std::ofstream(folder + "/s.tgz", std::ios::binary) << pack_archive(state, 42, 1'700'000'000);
    const std::string command = "cd " + folder + " && tar -xzf s.tgz && sha256sum --quiet -c SHA256SUMS && test $(tar -tzf s.tgz | wc -l) = 3";
    EXPECT_EQ(std::system(command.c_str()), 0);
    const auto content = [&](const std::string& file) {
        std::ifstream in(folder + "/" + file, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    EXPECT_EQ(content("state.bin"), state);
    const Json meta = Json::parse(content("meta.json")).or_throw();
    EXPECT_EQ(*meta.find("Index"), Json(42));
    EXPECT_EQ(*meta.find("Size"), Json(5007));
    // And one that tar has made is one to us.
    const std::string made = "cd " + folder + " && tar -czf t.tgz SHA256SUMS state.bin meta.json";
    EXPECT_EQ(std::system(made.c_str()), 0);
    EXPECT_EQ(unpack_archive(content("t.tgz"), limit), state);
    std::filesystem::remove_all(folder);
}

TEST(Archive, HoldsStatesOfEverySize) {
    for (const std::size_t size : {0, 1, 511, 512, 513, 100'000}) {
        const std::string state(size, 's');
        EXPECT_EQ(unpack_archive(pack_archive(state, 1, 0), limit), state) << size;
    }
    EXPECT_EQ(unpack_archive("a state as it is", limit), "a state as it is");
}

TEST(Archive, WhatIsDamagedIsRefused) {
    const std::string good = pack_archive("the state", 7, 1), tar = tar_of(good);
    const std::string damaged = "the snapshot's archive is damaged: ";
    for (std::size_t size = 2; size + 1 < good.size(); ++size) EXPECT_EQ(fault_of(good.substr(0, size)).substr(0, damaged.size()), damaged) << size;
    const auto with = [&](std::size_t at, char byte) {
        std::string other = tar;
        other[at] = byte;
        return fault_of(again(other));
    };
    EXPECT_EQ(with(0, 'n'), damaged + "a header's sum differs");
    EXPECT_EQ(with(125, '7'), damaged + "a header's sum differs"); // of its size
    EXPECT_EQ(with(150, '9'), damaged + "a header has no number where one belongs");
    EXPECT_EQ(with(1536, 'T'), damaged + "a digest differs"); // the first byte of the state
    EXPECT_EQ(with(514, '!'), damaged + "a digest differs");  // of meta.json
    EXPECT_EQ(fault_of(again(tar.substr(0, 512))), damaged + "it is cut off");
    EXPECT_EQ(fault_of(again(tar.substr(0, 2048))), damaged + "it has no SHA256SUMS");
    EXPECT_EQ(fault_of(again("")), damaged + "it has no meta.json");
    EXPECT_EQ(fault_of(again(std::string(1024, 'x'))), damaged + "a header has no number where one belongs");
    EXPECT_EQ(fault_of(pack_archive(std::string(limit, 'x'), 1, 1), 1000), damaged + "it cannot be unpacked, or is too large");
    // A file that does not belong there, with a header that is right.
    std::string foreign = tar.substr(0, 512);
    foreign.replace(0, 9, "meta.jsox");
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(foreign[i]);
    char digits[8];
    std::snprintf(digits, sizeof digits, "%06lo", static_cast<unsigned long>(sum));
    foreign.replace(148, 6, digits, 6);
    EXPECT_EQ(fault_of(again(foreign + tar.substr(512))), damaged + "it has a file that does not belong there");
}

} // namespace
} // namespace gravity::registry
