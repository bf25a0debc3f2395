#include <gravity/base/codes.hpp>
#include <gravity/base/contact.hpp>
#include <gravity/base/money.hpp>
#include <gravity/base/tz.hpp>
#include <gravity/base/uuid.hpp>

#include <gtest/gtest.h>

#include <iterator>
#include <random>

using namespace gravity;

namespace {

constexpr std::string_view seeds[] = {"https://b\xc3\xbc"
                                      "cher.example:81/a/../%2e?x=[y]#z",
                                      "http://[2001:db8::1]:8080/",
                                      "ada+x@b\xc3\xbc"
                                      "cher.example",
                                      "zh-Hant-TW-a-bb-x-y",
                                      "P1DT2H3M4.5S",
                                      "-1 days +02:00:00.5",
                                      "2026-11-23T12:00:00.123+01:00",
                                      "2026-11-23 12:00:00+00",
                                      "Sun, 06 Nov 1994 08:49:37 GMT",
                                      "Europe/Berlin",
                                      "1.08345",
                                      "e\xcc\x81\r\n\t",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"};

std::string mutated(std::mt19937_64& random) {
    std::string text(seeds[random() % std::size(seeds)]);
    for (std::uint64_t n = random() % 5; n > 0 && !text.empty(); --n) {
        const std::size_t at = random() % text.size();
        switch (random() % 4) {
        case 0: text[at] = static_cast<char>(random()); break;
        case 1: text.erase(at, 1 + random() % 3); break;
        case 2: text.insert(at, 1, "0129-+:/.@%[]TZ*, \\\xff"[random() % 20]); break;
        default: {
            const std::string_view other = seeds[random() % std::size(seeds)];
            text = text.substr(0, at) + std::string(other.substr(random() % other.size()));
        }
        }
    }
    return text;
}

/// What a value writes is read as the same value, and is written the same again.
template <class T> void check(const std::string& text, int& accepted) {
    const auto value = T::parse(text);
    if (!value) {
        ASSERT_FALSE(value.why().empty());
        return;
    }
    ++accepted;
    std::string written;
    value->append_to(written);
    const auto again = T::parse(written);
    ASSERT_TRUE(again) << text << " -> " << written;
    ASSERT_EQ(*again, *value) << text << " -> " << written;
    ASSERT_EQ(again->to_string(), written);
}

TEST(ValueTypes, WriteWhatTheyReadWhateverComes) {
    std::mt19937_64 random(11);
    int accepted[10]{};
    for (int i = 0; i < 20'000; ++i) {
        const std::string text = mutated(random);
        check<Url>(text, accepted[0]);
        check<Email>(text, accepted[1]);
        check<Locale>(text, accepted[2]);
        check<Duration>(text, accepted[3]);
        check<Timestamp>(text, accepted[4]);
        check<LocalTime>(text.substr(0, 19), accepted[5]);
        check<TimeZone>(text, accepted[6]);
        check<Uuid>(text, accepted[7]);
        check<Text<1, 40>>(text, accepted[8]);
        check<Multiline<0, 40>>(text, accepted[9]);
        (void)Timestamp::from_postgres(text);
        (void)Timestamp::from_http_date(text);
        (void)Duration::from_postgres(text);
        (void)Ratio::parse(text);
        if (HasFatalFailure()) return;
    }
    for (const int n : accepted) EXPECT_GT(n, 100); // the mutations leave each parser something to accept
}

} // namespace
