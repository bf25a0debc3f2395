#include "csv.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog::csv {
namespace {

std::string shown(Reader& reader) {
    std::string out;
    while (const auto record = reader.next()) {
        out += std::to_string(record->line) + ":";
        for (const auto& field : record->fields) out += "[" + field + "]";
        out += "\n";
    }
    return out;
}

// However the text is cut, the records are the same.
std::string read(std::string_view text, Reader::Limits limits = {}) {
    std::string first;
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, text.size() + 1}) {
        Reader reader(limits);
        std::string out;
        for (std::size_t at = 0; at < text.size(); at += size) {
            reader.feed(text.substr(at, size));
            out += shown(reader);
        }
        reader.end();
        out += shown(reader);
        if (reader.fault()) out += "! " + *reader.fault();
        if (first.empty()) first = out;
        EXPECT_EQ(out, first) << "in pieces of " << size;
    }
    return first;
}

TEST(Csv, ReadsRfc4180) {
    EXPECT_EQ(read("a,b,c\r\n1,2,3\r\n"), "1:[a][b][c]\n2:[1][2][3]\n");
    EXPECT_EQ(read("a,\"b \"\"q\"\", x\",\r\n"), "1:[a][b \"q\", x][]\n");
    EXPECT_EQ(read("\"two\r\nlines\",x\ny"), "1:[two\r\nlines][x]\n3:[y]\n"); // the last line without its end
    EXPECT_EQ(read("a\rb\r"), "1:[a]\n2:[b]\n");
    EXPECT_EQ(read("a\n\n\nb\n"), "1:[a]\n4:[b]\n");
    EXPECT_EQ(read(",\n\"\"\n"), "1:[][]\n2:[]\n");
}

TEST(Csv, AByteOrderMarkIsNoText) {
    EXPECT_EQ(read("\xef\xbb\xbfsku,name\n"), "1:[sku][name]\n");
    EXPECT_EQ(read("\xef\xbb\xbf\"sku\"\n"), "1:[sku]\n");
    EXPECT_EQ(read("a\n\xef\xbb\xbf"
                   "b\n"),
              "1:[a]\n2:[\xef\xbb\xbf"
              "b]\n");
}

TEST(Csv, SaysWhereTheTextIsWrong) {
    EXPECT_EQ(read("ok\na\"b\n"), "1:[ok]\n! line 2: a quote inside a field that is not quoted");
    EXPECT_EQ(read("ok\n\"a\"b\n"), "1:[ok]\n! line 2: text after the closing quote of a field");
    EXPECT_EQ(read("ok\n\"a\n"), "1:[ok]\n! line 3: a quoted field does not end");
    EXPECT_EQ(read("123456789\n", {.record_bytes = 8}), "! line 1: a record is longer than 8 bytes");
    EXPECT_EQ(read("1,2,3\n", {.fields = 2}), "! line 1: a record has more than 2 fields");
}

TEST(Csv, FormulasAreMadeText) {
    EXPECT_EQ(field("=cmd()"), "'=cmd()");
    EXPECT_EQ(field("+1"), "'+1");
    EXPECT_EQ(field("-1"), "'-1");
    EXPECT_EQ(field("@x"), "'@x");
    EXPECT_EQ(field("\tx"), "'\tx");
    EXPECT_EQ(field("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
    EXPECT_EQ(field("a=b"), "a=b");
    EXPECT_EQ(field("=x", false), "=x");
    for (const char* text : {"=cmd()", "+1", "-1", "@x", "plain", "'quoted'", "'", "", "'=cmd()", "''+1"}) {
        Reader reader;
        reader.feed(line({text, "y"}));
        EXPECT_EQ(unguarded(reader.next().value().fields[0]), text); // what goes out comes in again
    }
}

TEST(Csv, WhatIsWrittenIsReadBack) {
    const std::vector<std::string> fields{"", "a,b", "\"", "line\nbreak", "\r", " x ", "ä"};
    Reader reader;
    reader.feed(line(fields, false));
    EXPECT_EQ(reader.next().value().fields, fields);
    // What could be taken for an empty line, or for the mark of the text's beginning.
    for (const std::string only : {"", "\xef\xbb\xbf", "\xef\xbb\xbfx"}) EXPECT_EQ(read(line({only})), "1:[" + only + "]\n");
}

} // namespace
} // namespace gravity::product_catalog::csv
