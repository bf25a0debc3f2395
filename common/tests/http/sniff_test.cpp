#include <gravity/http/sniff.hpp>

#include <gtest/gtest.h>

namespace gravity::http {
namespace {

using namespace std::string_view_literals;

TEST(Sniff, GoesByTheBytes) {
    EXPECT_EQ(sniff_type("\x89PNG\r\n\x1a\nrest"sv), "image/png");
    EXPECT_EQ(sniff_type("\xff\xd8\xff\xe0"sv), "image/jpeg");
    EXPECT_EQ(sniff_type("GIF89a..."sv), "image/gif");
    EXPECT_EQ(sniff_type("RIFF\x10\0\0\0WEBPVP8 "sv), "image/webp");
    EXPECT_EQ(sniff_type("\0\0\0\x1c"
                         "ftypavif...."sv),
              "image/avif");
    EXPECT_EQ(sniff_type("\0\0\0\x1c"
                         "ftypisom...."sv),
              "video/mp4");
    EXPECT_EQ(sniff_type("%PDF-1.7"sv), "application/pdf");
    EXPECT_EQ(sniff_type("PK\x03\x04"sv), "application/zip");
    EXPECT_EQ(sniff_type("  \n<!DOCTYPE HTML><p>"sv), "text/html");
    EXPECT_EQ(sniff_type("<?xml version='1.0'?><svg xmlns='x'/>"sv), "image/svg+xml");
    EXPECT_EQ(sniff_type("\xef\xbb\xbf<?xml version='1.0'?><a/>"sv), "text/xml");
    EXPECT_EQ(sniff_type("sku,name\n1,mug\n"sv), "text/plain");
    EXPECT_EQ(sniff_type("gr\xc3\xbc\xc3\x9f"sv), "text/plain");
    EXPECT_EQ(sniff_type("a\0b"sv), "application/octet-stream");
    EXPECT_EQ(sniff_type(""sv), "text/plain");
}

TEST(Sniff, ABeginningIsNotEnough) {
    EXPECT_NE(sniff_type("\x89PNG"sv), "image/png");
    EXPECT_NE(sniff_type("RIFF\x10\0\0\0WEB"sv), "image/webp");
    EXPECT_NE(sniff_type("\0\0\0\x1c"
                         "ftyp"sv),
              "video/mp4");
}

} // namespace
} // namespace gravity::http
