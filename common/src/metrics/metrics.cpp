#include <gravity/metrics/metrics.hpp>
#include <gravity/metrics/probe.hpp>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>

namespace gravity::metrics {
namespace detail {

/// prometheus-cpp 1.0 escapes label values but not help texts; a line feed in one would break the whole exposition.
std::string escape_help(std::string_view help) {
    std::string out;
    for (const char c : help) {
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\\') {
            out += "\\\\";
        } else {
            out += c;
        }
    }
    return out;
}

// The series belong to their handles as well as to the family (prometheus::Family would destroy one under a handle that
// still counts).
struct CounterSeries {
    prometheus::Counter metric;
};
struct GaugeSeries {
    prometheus::Gauge metric;
};
struct HistogramSeries {
    explicit HistogramSeries(const std::vector<double>& buckets) : metric(buckets) {}
    prometheus::Histogram metric;
};

/// What the registry knows of a family.
class AnyFamily {
public:
    AnyFamily(std::string name, std::string help, prometheus::MetricType type, std::vector<std::string> labels)
        : name_(std::move(name)), help_(std::move(help)), type_(type), labels_(std::move(labels)) {}
    virtual ~AnyFamily() = default;

    bool is(prometheus::MetricType type, const std::vector<std::string>& labels) const {
        return type_ == type && labels_ == labels;
    }

    prometheus::MetricFamily collect() const {
        prometheus::MetricFamily out;
        out.name = name_;
        out.help = help_;
        out.type = type_;
        collect_series(out.metric);
        return out;
    }

protected:
    using Values = std::vector<std::string>;

    virtual void collect_series(std::vector<prometheus::ClientMetric>& out) const = 0;

    Values check(LabelValues values) const {
        if (values.size() != labels_.size()) {
            throw std::invalid_argument("metric " + name_ + " has " + std::to_string(labels_.size()) + " labels, not " +
                                        std::to_string(values.size()));
        }
        return Values(values.begin(), values.end());
    }
    Values overflow() const { return Values(labels_.size(), "other"); }
    void label(prometheus::ClientMetric& metric, const Values& values) const {
        for (std::size_t i = 0; i < values.size(); ++i) metric.label.push_back({labels_[i], values[i]});
    }

private:
    const std::string name_;
    const std::string help_;
    const prometheus::MetricType type_;
    const std::vector<std::string> labels_;
};

template <class Series> class FamilyOf : public AnyFamily {
public:
    using AnyFamily::AnyFamily;

    std::shared_ptr<Series> with(LabelValues given) {
        Values values = check(given);
        const std::lock_guard lock(mutex_);
        auto found = series_.find(values);
        if (found == series_.end() && series_.size() >= max_series) {
            values = overflow();
            found = series_.find(values);
        }
        if (found == series_.end()) found = series_.emplace(std::move(values), make()).first;
        return found->second;
    }

    void remove(LabelValues given) {
        const Values values = check(given);
        const std::lock_guard lock(mutex_);
        series_.erase(values);
    }

private:
    virtual std::shared_ptr<Series> make() const = 0;

    void collect_series(std::vector<prometheus::ClientMetric>& out) const override {
        const std::lock_guard lock(mutex_);
        for (const auto& [values, series] : series_) {
            out.push_back(series->metric.Collect());
            label(out.back(), values);
        }
    }

    mutable std::mutex mutex_;
    std::map<Values, std::shared_ptr<Series>> series_;
};

class CounterFamily final : public FamilyOf<CounterSeries> {
    using FamilyOf::FamilyOf;
    std::shared_ptr<CounterSeries> make() const override { return std::make_shared<CounterSeries>(); }
};
class GaugeFamily final : public FamilyOf<GaugeSeries> {
    using FamilyOf::FamilyOf;
    std::shared_ptr<GaugeSeries> make() const override { return std::make_shared<GaugeSeries>(); }
};
class HistogramFamily final : public FamilyOf<HistogramSeries> {
public:
    HistogramFamily(std::string name, std::string help, prometheus::MetricType type, std::vector<std::string> labels,
                    std::vector<double> buckets)
        : FamilyOf(std::move(name), std::move(help), type, std::move(labels)), buckets_(std::move(buckets)) {}
    const std::vector<double>& buckets() const { return buckets_; }

private:
    std::shared_ptr<HistogramSeries> make() const override { return std::make_shared<HistogramSeries>(buckets_); }
    const std::vector<double> buckets_;
};

} // namespace detail

namespace {

using prometheus::MetricType;

bool name_ok(std::string_view name, bool colon) {
    const auto ok = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               (colon && c == ':');
    };
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), ok);
}

void check_names(std::string_view name, const std::vector<std::string>& labels, MetricType type) {
    const std::string which = "metric name \"" + std::string(name) + "\"";
    if (!name_ok(name, true)) throw std::invalid_argument(which + " is not allowed by Prometheus");
    if ((type == MetricType::Counter) != name.ends_with("_total"))
        throw std::invalid_argument(which + ": counters, and only they, end in _total");
    for (const std::string& label : labels) {
        const bool reserved = label.starts_with("__") || (type == MetricType::Histogram && label == "le");
        if (!name_ok(label, false) || reserved || std::count(labels.begin(), labels.end(), label) > 1) {
            throw std::invalid_argument(which + ": label \"" + label + "\" is not allowed or there twice");
        }
    }
}

class Registry {
public:
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<detail::AnyFamily>, std::less<>>
        families; // by name, which is the order of rendering
    std::map<std::string, CounterFamily, std::less<>> counters;
    std::map<std::string, GaugeFamily, std::less<>> gauges;
    std::map<std::string, HistogramFamily, std::less<>> histograms;
    struct ProbeEntry {
        std::string help;
        std::function<double()> read;
    };
    std::map<std::string, ProbeEntry, std::less<>> probes;
};
/// Never destroyed: other static objects may count until the very end.
Registry& registry() {
    static Registry& instance = *new Registry;
    return instance;
}

/// The family of that name, made if it is new. The registry is locked.
template <class Internal, class Handle, class... More>
Handle& family_of(std::map<std::string, Handle, std::less<>>& handles, MetricType type, std::string_view name,
                  std::string_view help, LabelNames names, More... more) {
    Registry& r = registry();
    std::vector<std::string> labels(names.begin(), names.end());
    if (const auto known = r.families.find(name); known != r.families.end()) {
        const auto* histogram = dynamic_cast<const detail::HistogramFamily*>(known->second.get());
        const bool same_buckets = !histogram || (true && ... && (histogram->buckets() == more));
        if (!known->second->is(type, labels) || !same_buckets) {
            throw std::invalid_argument("metric " + std::string(name) +
                                        " exists with another kind, other labels or other buckets");
        }
        return handles.find(name)->second;
    }
    check_names(name, labels, type);
    if (r.probes.contains(name)) throw std::invalid_argument("metric " + std::string(name) + " exists as a probe");
    auto family = std::make_shared<Internal>(std::string(name), detail::escape_help(help), type, std::move(labels),
                                             std::move(more)...);
    r.families.emplace(name, family);
    return handles.emplace(name, Handle(std::move(family))).first->second;
}

} // namespace

void Counter::add(double amount) const { series_->metric.Increment(amount); }
double Counter::value() const { return series_->metric.Value(); }
void Gauge::set(double value) const { series_->metric.Set(value); }
void Gauge::add(double amount) const { series_->metric.Increment(amount); }
double Gauge::value() const { return series_->metric.Value(); }
void Histogram::observe(double value) const { series_->metric.Observe(value); }

Counter CounterFamily::with(LabelValues values) { return Counter(family_->with(values)); }
void CounterFamily::remove(LabelValues values) { family_->remove(values); }
Gauge GaugeFamily::with(LabelValues values) { return Gauge(family_->with(values)); }
void GaugeFamily::remove(LabelValues values) { family_->remove(values); }
Histogram HistogramFamily::with(LabelValues values) { return Histogram(family_->with(values)); }
void HistogramFamily::remove(LabelValues values) { family_->remove(values); }

CounterFamily& counter(std::string_view name, std::string_view help, LabelNames labels) {
    const std::lock_guard lock(registry().mutex);
    return family_of<detail::CounterFamily>(registry().counters, MetricType::Counter, name, help, labels);
}

GaugeFamily& gauge(std::string_view name, std::string_view help, LabelNames labels) {
    const std::lock_guard lock(registry().mutex);
    return family_of<detail::GaugeFamily>(registry().gauges, MetricType::Gauge, name, help, labels);
}

const std::vector<double>& default_buckets() {
    static const std::vector<double> buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                             0.25, 0.5, 1, 2.5, 5, 10, 30};
    return buckets;
}

HistogramFamily& histogram(std::string_view name, std::string_view help, LabelNames labels,
                           const std::vector<double>& buckets) {
    const auto rises = [](double a, double b) { return !(a < b); };
    if (buckets.empty() || std::adjacent_find(buckets.begin(), buckets.end(), rises) != buckets.end() ||
        !std::isfinite(buckets.back())) {
        throw std::invalid_argument("metric " + std::string(name) + ": buckets must rise and be finite");
    }
    const std::lock_guard lock(registry().mutex);
    return family_of<detail::HistogramFamily>(registry().histograms, MetricType::Histogram, name, help, labels,
                                              buckets);
}

Probe::Probe(std::string_view name, std::string_view help, std::function<double()> read) : name_(name) {
    check_names(name, {}, MetricType::Gauge);
    const std::lock_guard lock(registry().mutex);
    if (registry().families.contains(name) ||
        !registry().probes.emplace(name_, Registry::ProbeEntry{detail::escape_help(help), std::move(read)}).second) {
        throw std::invalid_argument("metric " + name_ + " exists already");
    }
}

Probe::~Probe() {
    const std::lock_guard lock(registry().mutex);
    registry().probes.erase(name_);
}

std::string render() {
    std::vector<prometheus::MetricFamily> all;
    {
        Registry& r = registry();
        const std::lock_guard lock(r.mutex);
        for (const auto& [name, family] : r.families) all.push_back(family->collect());
        for (const auto& [name, probe] : r.probes) {
            prometheus::MetricFamily family;
            family.name = name;
            family.help = probe.help;
            family.type = MetricType::Gauge;
            family.metric.emplace_back().gauge.value = probe.read();
            all.push_back(std::move(family));
        }
    }
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, all);
    return std::move(out).str();
}

} // namespace gravity::metrics
