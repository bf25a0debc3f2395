#include <gravity/metrics/metrics.hpp>
#include <gravity/metrics/probe.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>

namespace gravity::metrics {
namespace {

/// The text format, version 0.0.4, read by its rules.
struct Exposition {
    std::map<std::string, double> samples; // "name{a=x,b=y}" with label values unescaped
    std::map<std::string, std::string> types;
    std::map<std::string, std::string> help;
    std::optional<std::string> error;

    explicit Exposition(const std::string& text) {
        for (std::size_t at = 0; at < text.size() && !error;) {
            const auto end = text.find('\n', at);
            if (end == std::string::npos) {
                error = "the last line does not end";
                return;
            }
            line(text.substr(at, end - at));
            at = end + 1;
        }
    }

    double at(const std::string& sample) const {
        const auto found = samples.find(sample);
        EXPECT_NE(found, samples.end()) << sample;
        return found == samples.end() ? std::nan("") : found->second;
    }

private:
    void line(const std::string& text) {
        if (text.starts_with("# HELP ") || text.starts_with("# TYPE ")) {
            const auto space = text.find(' ', 7);
            const auto name = text.substr(7, space - 7);
            auto& known = text[2] == 'H' ? help : types;
            if (!known.emplace(name, text.substr(space + 1)).second) error = "twice: " + text;
            return;
        }
        std::size_t i = 0;
        std::string key = word(text, i);
        if (i < text.size() && text[i] == '{') {
            key += '{';
            ++i;
            while (i < text.size() && text[i] != '}') {
                key += word(text, i) + '=';
                if (text.compare(i, 2, "=\"") != 0) return fail(text);
                for (i += 2; i < text.size() && text[i] != '"'; ++i) {
                    if (text[i] != '\\') {
                        key += text[i];
                        continue;
                    }
                    ++i;
                    if (i >= text.size() || std::string("n\\\"").find(text[i]) == std::string::npos) return fail(text);
                    key += text[i] == 'n' ? '\n' : text[i];
                }
                ++i;
                if (i < text.size() && text[i] == ',') {
                    ++i;
                    key += ',';
                }
            }
            key += '}';
            ++i;
        }
        if (i >= text.size() || text[i] != ' ') return fail(text);
        const std::string value = text.substr(i + 1);
        char* rest = nullptr;
        const double number = std::strtod(value.c_str(), &rest);
        if (rest == value.c_str() || *rest != '\0') return fail(text);
        if (!samples.emplace(key, number).second) error = "twice: " + text;
    }
    static std::string word(const std::string& text, std::size_t& i) {
        const auto start = i;
        while (i < text.size() &&
               (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_' || text[i] == ':'))
            ++i;
        return text.substr(start, i - start);
    }
    void fail(const std::string& text) { error = "not readable: " + text; }
};

Exposition read() {
    Exposition all(render());
    EXPECT_FALSE(all.error) << *all.error;
    return all;
}

TEST(Metrics, CountersAddUp) {
    auto& family = counter("test_requests_total", "Requests answered", {"route", "status"});
    const auto ok = family.with({"/api/v1/products/{id}", "200"});
    ok.add();
    ok.add(2.5);
    family.with({"/api/v1/products/{id}", "200"}).add();
    family.with({"/api/v1/products/{id}", "404"}).add();
    const auto all = read();
    EXPECT_EQ(all.types.at("test_requests_total"), "counter");
    EXPECT_EQ(all.help.at("test_requests_total"), "Requests answered");
    EXPECT_EQ(all.at("test_requests_total{route=/api/v1/products/{id},status=200}"), 4.5);
    EXPECT_EQ(all.at("test_requests_total{route=/api/v1/products/{id},status=404}"), 1);
    EXPECT_EQ(ok.value(), 4.5);
}

TEST(Metrics, GaugesGoBothWays) {
    const auto open = gauge("test_open", "Open").with({});
    open.set(5);
    open.add();
    open.subtract(2);
    EXPECT_EQ(read().at("test_open"), 4);
    open.set(std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isinf(read().at("test_open")));
    open.set(0.1);
    EXPECT_EQ(read().at("test_open"), 0.1);
}

TEST(Metrics, HistogramsCountUpToEachBound) {
    const auto time = histogram("test_seconds", "Time", {"route"}, {0.1, 1, 10}).with({"r"});
    for (const double value : {0.05, 0.1, 0.5, 5.0, 50.0}) time.observe(value);
    const auto all = read();
    EXPECT_EQ(all.types.at("test_seconds"), "histogram");
    EXPECT_EQ(all.at("test_seconds_bucket{route=r,le=0.1}"), 2);
    EXPECT_EQ(all.at("test_seconds_bucket{route=r,le=1}"), 3);
    EXPECT_EQ(all.at("test_seconds_bucket{route=r,le=10}"), 4);
    EXPECT_EQ(all.at("test_seconds_bucket{route=r,le=+Inf}"), 5);
    EXPECT_EQ(all.at("test_seconds_count{route=r}"), 5);
    EXPECT_DOUBLE_EQ(all.at("test_seconds_sum{route=r}"), 55.65);
}

TEST(Metrics, EscapesLabelValues) {
    counter("test_escape_total", "A help with \\ and\nline", {"v"}).with({"a\"b\\c\nd{},="}).add();
    const auto all = read();
    EXPECT_EQ(all.at("test_escape_total{v=a\"b\\c\nd{},=}"), 1);
    EXPECT_EQ(all.help.at("test_escape_total"), "A help with \\\\ and\\nline");
}

TEST(Metrics, TheSameNameIsTheSameFamily) {
    counter("test_same_total", "x", {"a"}).with({"1"}).add();
    counter("test_same_total", "another help", {"a"}).with({"1"}).add();
    EXPECT_EQ(&counter("test_same_total", "x", {"a"}), &counter("test_same_total", "x", {"a"}));
    EXPECT_EQ(read().at("test_same_total{a=1}"), 2);
    EXPECT_THROW(counter("test_same_total", "x", {"b"}), std::invalid_argument);
    EXPECT_THROW(counter("test_same_total", "x", {"a", "b"}), std::invalid_argument);
    histogram("test_same_seconds", "x", {}, {1, 2});
    EXPECT_NO_THROW(histogram("test_same_seconds", "x", {}, {1, 2}));
    EXPECT_THROW(histogram("test_same_seconds", "x", {}, {1, 3}), std::invalid_argument);
    EXPECT_THROW(gauge("test_same_seconds", "x"), std::invalid_argument);
}

TEST(Metrics, RefusesNamesAgainstTheConventions) {
    for (const char* name : {"", "1_total", "a-b_total", "a b_total", "caf\xc3\xa9_total", "test_without"}) {
        EXPECT_THROW(counter(name, "x"), std::invalid_argument) << name;
    }
    EXPECT_THROW(gauge("test_gauge_total", "x"), std::invalid_argument);
    EXPECT_THROW(counter("test_bad_total", "x", {"a", "a"}), std::invalid_argument);
    EXPECT_THROW(counter("test_bad_total", "x", {"__a"}), std::invalid_argument);
    EXPECT_THROW(counter("test_bad_total", "x", {"a:b"}), std::invalid_argument);
    EXPECT_THROW(histogram("test_bad_seconds", "x", {"le"}), std::invalid_argument);
    EXPECT_THROW(histogram("test_bad_seconds", "x", {}, {}), std::invalid_argument);
    EXPECT_THROW(histogram("test_bad_seconds", "x", {}, {1, 1}), std::invalid_argument);
    EXPECT_THROW(histogram("test_bad_seconds", "x", {}, {1, std::numeric_limits<double>::infinity()}),
                 std::invalid_argument);
    EXPECT_THROW(counter("test_labels_total", "x", {"a"}).with({}), std::invalid_argument);
    EXPECT_THROW(counter("test_labels_total", "x", {"a"}).with({"1", "2"}), std::invalid_argument);
    EXPECT_EQ(render().find("test_bad"), std::string::npos);
}

TEST(Metrics, ARemovedSeriesIsGoneAndItsHandleHarmless) {
    auto& family = gauge("test_removed", "x", {"instance"});
    const auto one = family.with({"1"});
    one.set(1);
    family.with({"2"}).set(2);
    family.remove({"1"});
    one.set(7);
    EXPECT_EQ(read().samples.count("test_removed{instance=1}"), 0u);
    EXPECT_EQ(read().at("test_removed{instance=2}"), 2);
    family.remove({"1"});
    family.with({"1"}).add(3);
    EXPECT_EQ(read().at("test_removed{instance=1}"), 3) << "a new one from nothing";
}

TEST(Metrics, SeriesAreBounded) {
    auto& family = counter("test_many_total", "x", {"user", "kind"});
    for (std::size_t i = 0; i < max_series + 500; ++i) family.with({std::to_string(i), "k"}).add();
    family.with({"0", "k"}).add();
    const auto all = read();
    std::size_t count = 0;
    for (const auto& [name, value] : all.samples) count += name.starts_with("test_many_total") ? 1 : 0;
    EXPECT_EQ(count, max_series + 1);
    EXPECT_EQ(all.at("test_many_total{user=other,kind=other}"), 500);
    EXPECT_EQ(all.at("test_many_total{user=0,kind=k}"), 2) << "those known stay";
    family.remove({"0", "k"});
}

TEST(Metrics, ProbesAreReadWhileTheyLive) {
    double size = 3;
    {
        const Probe probe("test_queue_size", "Waiting", [&] { return size; });
        EXPECT_EQ(read().at("test_queue_size"), 3);
        size = 4;
        EXPECT_EQ(read().at("test_queue_size"), 4);
        EXPECT_THROW(Probe("test_queue_size", "x", [] { return 0.0; }), std::invalid_argument);
        EXPECT_THROW(gauge("test_queue_size", "x"), std::invalid_argument);
        EXPECT_EQ(read().types.at("test_queue_size"), "gauge");
    }
    EXPECT_EQ(render().find("test_queue_size"), std::string::npos);
    const Probe again("test_queue_size", "Waiting", [] { return 1.0; });
    EXPECT_EQ(read().at("test_queue_size"), 1);
}

TEST(Metrics, ManyThreadsLoseNothing) {
    auto& family = counter("test_threads_total", "x", {"t"});
    auto& times = histogram("test_threads_seconds", "x");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const auto own = family.with({std::to_string(t)});
            for (int i = 0; i < 5000; ++i) {
                own.add();
                family.with({"shared"}).add();
                times.with({}).observe(0.01);
            }
        });
    }
    for (int i = 0; i < 20; ++i) read();
    for (auto& thread : threads) thread.join();
    const auto all = read();
    EXPECT_EQ(all.at("test_threads_total{t=shared}"), 20000);
    EXPECT_EQ(all.at("test_threads_total{t=3}"), 5000);
    EXPECT_EQ(all.at("test_threads_seconds_count"), 20000);
}

} // namespace
} // namespace gravity::metrics
