#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Metrics of the process in the Prometheus text format (version 0.0.4). Any thread.
///
///     static auto& requests = metrics::counter("gravity_http_requests_total", "Requests answered", {"route",
///     "status"}); auto ok = requests.with({"/api/v1/products", "200"});   // once; keep it ok.add(); // a few
///     nanoseconds
///
/// A family is made once and lives as long as the process; the same name again gives the same family, or throws
/// std::invalid_argument if its kind or its labels differ. Names follow Prometheus: [a-zA-Z_:][a-zA-Z0-9_:]*, counters
/// end in `_total`, units are base units in the name
/// (`_seconds`, `_bytes`). Labels hold values from a small set: a route's template, never a path, never an id of a
/// user.
namespace gravity::metrics {

namespace detail {
class CounterFamily;
class GaugeFamily;
class HistogramFamily;
struct CounterSeries;
struct GaugeSeries;
struct HistogramSeries;
} // namespace detail

using LabelNames = std::initializer_list<std::string_view>;
using LabelValues = std::initializer_list<std::string_view>; // one for each name, in order; else std::invalid_argument

/// Label values come from requests in the end, so a family holds at most this many series. What comes after is counted
/// together in one series whose labels are all "other".
inline constexpr std::size_t max_series = 2000;

/// One series of a counter. Cheap to copy; usable after its series was removed (then nobody sees it).
class Counter {
public:
    void add(double amount = 1) const; // not negative
    double value() const;

private:
    friend class CounterFamily;
    explicit Counter(std::shared_ptr<detail::CounterSeries> series) : series_(std::move(series)) {}
    std::shared_ptr<detail::CounterSeries> series_;
};

class Gauge {
public:
    void set(double value) const;
    void add(double amount = 1) const;
    void subtract(double amount = 1) const { add(-amount); }
    double value() const;

private:
    friend class GaugeFamily;
    explicit Gauge(std::shared_ptr<detail::GaugeSeries> series) : series_(std::move(series)) {}
    std::shared_ptr<detail::GaugeSeries> series_;
};

class Histogram {
public:
    void observe(double value) const;

private:
    friend class HistogramFamily;
    explicit Histogram(std::shared_ptr<detail::HistogramSeries> series) : series_(std::move(series)) {}
    std::shared_ptr<detail::HistogramSeries> series_;
};

class CounterFamily {
public:
    Counter with(LabelValues values);
    void remove(LabelValues values);
    explicit CounterFamily(std::shared_ptr<detail::CounterFamily> family) : family_(std::move(family)) {}

private:
    std::shared_ptr<detail::CounterFamily> family_;
};

class GaugeFamily {
public:
    Gauge with(LabelValues values);
    void remove(LabelValues values);
    explicit GaugeFamily(std::shared_ptr<detail::GaugeFamily> family) : family_(std::move(family)) {}

private:
    std::shared_ptr<detail::GaugeFamily> family_;
};

class HistogramFamily {
public:
    Histogram with(LabelValues values);
    void remove(LabelValues values);
    explicit HistogramFamily(std::shared_ptr<detail::HistogramFamily> family) : family_(std::move(family)) {}

private:
    std::shared_ptr<detail::HistogramFamily> family_;
};

CounterFamily& counter(std::string_view name, std::string_view help, LabelNames labels = {});
GaugeFamily& gauge(std::string_view name, std::string_view help, LabelNames labels = {});

/// Seconds from half a millisecond to half a minute: for the time of requests, statements and calls.
const std::vector<double>& default_buckets();
/// `buckets` are the upper bounds, rising; the last, infinity, is added.
HistogramFamily& histogram(std::string_view name, std::string_view help, LabelNames labels = {},
                           const std::vector<double>& buckets = default_buckets());

/// All metrics of the process. To be sent as `text/plain; version=0.0.4; charset=utf-8`.
std::string render();

} // namespace gravity::metrics
