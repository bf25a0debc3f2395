#include "redis/codec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace gravity::redis {
namespace {

using namespace std::string_literals;

std::string wire(const Command& command) {
    std::string out;
    append_command(out, command);
    return out;
}

std::vector<Value> read_all(std::string_view bytes, std::size_t piece, ReplyLimits limits = {}) {
    ReplyReader reader(limits);
    std::vector<Value> out;
    while (!bytes.empty()) {
        reader.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        while (auto value = reader.next()) out.push_back(std::move(*value));
    }
    return out;
}

TEST(RedisCommand, IsAnArrayOfBulkStrings) {
    EXPECT_EQ(wire(Command{"PING"}), "*1\r\n$4\r\nPING\r\n");
    EXPECT_EQ(wire(Command{"SET", "", "a\0\r\n"s}), "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\0\r\n\r\n"s);
}

TEST(RedisCommand, TakesNumbersOfEveryKind) {
    Command command{"X", 1, -2L, std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::int64_t>::min(),
                    0.1, 1e300};
    command.add(std::numeric_limits<double>::infinity())
        .add(-std::numeric_limits<double>::infinity())
        .add(std::string("s"))
        .add_all({"t", "u"});
    const std::vector<std::string> expected{
        "X", "1", "-2", "18446744073709551615", "-9223372036854775808", "0.1", "1e+300", "inf", "-inf", "s", "t", "u"};
    EXPECT_EQ(command.args(), expected);
}

TEST(RedisReply, IsTheSameHoweverTheBytesArrive) {
    const std::string bytes =
        "+OK\r\n-ERR "
        "no\r\n:-42\r\n$-1\r\n*-1\r\n$0\r\n\r\n$5\r\na\r\nb\0\r\n*0\r\n*3\r\n:1\r\n*2\r\n+a\r\n$-1\r\n$1\r\nz\r\n"
        ":9223372036854775807\r\n"s;
    const std::vector<Value> expected{
        Value::of_status("OK"),
        Value::of_error("ERR no"),
        Value::of_integer(-42),
        Value(),
        Value(),
        Value::of_string(""),
        Value::of_string("a\r\nb\0"s),
        Value::of_array({}),
        Value::of_array(
            {Value::of_integer(1), Value::of_array({Value::of_status("a"), Value()}), Value::of_string("z")}),
        Value::of_integer(std::numeric_limits<std::int64_t>::max())};
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) ASSERT_EQ(read_all(bytes, piece), expected) << piece;
}

TEST(RedisReply, RefusesWhatIsNotTheProtocol) {
    for (std::string_view bytes : {"HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "*x\r\n", "$-2\r\n", "*-2\r\n", ":1x\r\n",
                                   "\r\n", "*9999999999\r\n"})
        EXPECT_THROW(read_all(bytes, 100), Error) << bytes;
}

TEST(RedisReply, NestingIsBounded) {
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "*1\r\n";
    EXPECT_THROW(read_all(deep + ":1\r\n", 100), Error);
    std::string allowed;
    for (int i = 0; i < 7; ++i) allowed += "*1\r\n";
    EXPECT_EQ(read_all(allowed + ":1\r\n", 3).size(), 1u);
}

TEST(RedisReply, ArraysAreBoundedInSum) {
    const ReplyLimits limits{1 << 20, 10};
    EXPECT_NO_THROW(read_all("*4\r\n", 100, limits));
    EXPECT_THROW(read_all("*11\r\n", 100, limits), Error);
    EXPECT_THROW(read_all("*3\r\n*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n*4\r\n", 100, limits), Error);
    std::string many; // each reply begins to count anew
    for (int i = 0; i < 50; ++i) many += "*2\r\n:1\r\n:2\r\n";
    EXPECT_EQ(read_all(many, 7, limits).size(), 50u);
}

TEST(RedisReply, BytesAreBoundedPerReply) {
    const ReplyLimits limits{1000, 10};
    const std::string fits = "$900\r\n" + std::string(900, 'x') + "\r\n";
    std::string many;
    for (int i = 0; i < 50; ++i) many += fits;
    EXPECT_EQ(read_all(many, 13, limits).size(), 50u);
    EXPECT_THROW(read_all("$5000\r\n" + std::string(3000, 'x'), 100, limits), Error);
}

TEST(RedisReply, RandomBytesNeverBreakIt) {
    std::mt19937 random(7);
    const std::string_view alphabet = "+-:$*0123456789\r\nab";
    for (int round = 0; round < 20000; ++round) {
        std::string bytes;
        for (std::size_t i = random() % 60; i > 0; --i) {
            bytes += alphabet[random() % alphabet.size()];
            if (random() % 4 == 0) bytes += "\r\n";
        }
        try {
            read_all(bytes, 1 + random() % 10, {1000, 100});
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::protocol);
        }
    }
}

TEST(RedisValue, AccessorsCheckTheKind) {
    EXPECT_EQ(Value::of_integer(5).as_integer(), 5);
    EXPECT_EQ(Value::of_string("-17").as_integer(), -17);
    for (const char* text : {"", "1x", " 1", "99999999999999999999"})
        EXPECT_THROW(Value::of_string(text).as_integer(), Error) << text;
    EXPECT_EQ(Value::of_string("a").as_text(), "a");
    EXPECT_EQ(Value::of_status("OK").as_text(), "OK");
    EXPECT_EQ(Value().as_optional_text(), std::nullopt);
    EXPECT_EQ(Value::of_string("a").as_optional_text(), "a");
    EXPECT_EQ(Value::of_array({Value()}).as_array().size(), 1u);
    EXPECT_EQ(Value::of_error("WRONGTYPE bad").error_code(), "WRONGTYPE");
    EXPECT_EQ(Value::of_string("WRONGTYPE bad").error_code(), "");
    try {
        (void)Value::of_array({}).as_text();
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::protocol);
        EXPECT_STREQ(error.what(), "expected a string from the server, got array");
        EXPECT_EQ(error.code(), "");
    }
    try {
        (void)Value::of_error("ERR x").as_integer();
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::server);
        EXPECT_EQ(error.code(), "ERR");
    }
    EXPECT_THROW(Value::of_error("ERR x").or_throw(), Error);
    EXPECT_EQ(Value::of_integer(1).or_throw(), Value::of_integer(1));
}

} // namespace
} // namespace gravity::redis
