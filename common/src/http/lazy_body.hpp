#pragma once

#include <gravity/http/compress.hpp>
#include <gravity/http/exchange.hpp>

#include <optional>
#include <string>

namespace gravity::http {

/// The body of a Streamed answer: pieces are gathered, so that a small one is an ordinary answer with its length, and nothing is sent before
/// there is something to send; a large one goes in chunks, compressed where that is wanted.
class LazyBody final : public BodyWriter {
public:
    LazyBody(Exchange& exchange, Response head) : exchange_(exchange), head_(std::move(head)) {}

    Task<void> write(std::string_view data) override;
    Task<void> finish() override;
    bool started() const { return exchange_.responded(); }

private:
    static constexpr std::size_t gather = 32 * 1024;
    Task<void> flush();

    Exchange& exchange_;
    Response head_;
    std::string gathered_;
    std::unique_ptr<BodyWriter> writer_;
    std::optional<GzipStream> gzip_;
};

} // namespace gravity::http
