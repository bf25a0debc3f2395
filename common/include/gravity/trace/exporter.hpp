#pragma once

#include <gravity/base/time.hpp>
#include <gravity/trace/buffer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::trace {

/// Who made the spans: OpenTelemetry's resource attributes service.name, service.version, service.instance.id.
struct Resource {
    std::string service;
    std::string version;
    std::string instance;
};

/// The body of `POST /v1/traces` in OTLP/HTTP with JSON (OTLP 1.x: ids in hexadecimal, 64-bit integers as texts,
/// enumerations as numbers).
std::string otlp_json(const Resource& resource, const std::vector<SpanData>& spans);

struct ExportOptions {
    std::size_t batch = 512;                     // spans in one request
    Duration interval = Duration::seconds(5);    // a smaller batch waits this long
    Duration first_retry = Duration::seconds(5); // doubles with each failure of a batch
    unsigned attempts = 4;                       // then the batch is dropped and counted: telemetry is lossy by design
};

/// When to send what: no I/O, no clock, no thread of its own. One request is on its way at a time.
class ExportPolicy {
public:
    ExportPolicy(std::shared_ptr<Buffer> buffer, ExportOptions options, Duration now);

    /// The batch to send now, or null: nothing is due, or one is under way. It stays the policy's until `finished`.
    const std::vector<SpanData>* poll(Duration now);
    void finished(bool accepted, Duration now);
    /// How long to wait before the next poll if nothing wakes it earlier; nothing while a request is under way.
    std::optional<Duration> wait(Duration now) const;
    /// From here on batches are due at once, whatever their size, and none is tried twice.
    void drain();
    /// After drain: nothing is left and nothing under way.
    bool drained() const;

private:
    std::shared_ptr<Buffer> buffer_;
    const ExportOptions options_;
    std::vector<SpanData> batch_; // under way, or to be tried again
    unsigned failures_ = 0;       // of batch_
    Duration due_;
    bool under_way_ = false;
    bool draining_ = false;
};

/// Posts a body and calls `done` once, on the I/O thread, with whether the collector took it (2xx).
using Send = std::function<void(std::string body, std::function<void(bool accepted)> done)>;

/// Empties a span buffer by ExportPolicy. I/O thread only, but for what the buffer itself allows.
class Exporter {
public:
    Exporter(boost::asio::io_context& io, std::shared_ptr<Buffer> buffer, Resource resource, Send send,
             ExportOptions options = {});
    /// Ends at once; a request under way is forgotten.
    ~Exporter();
    Exporter(const Exporter&) = delete;
    Exporter& operator=(const Exporter&) = delete;

    void start();
    /// Sends what is left, one attempt for each batch, then calls `done`. The caller bounds the time by destroying the
    /// exporter.
    void drain(std::function<void()> done);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity::trace
