#include "http/lazy_body.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/conditional.hpp>

namespace gravity::http {

Task<void> LazyBody::write(std::string_view data) {
    gathered_ += data;
    if (gathered_.size() >= gather) co_await flush();
}

Task<void> LazyBody::flush() {
    if (!writer_) {
        const auto type = head_.headers.get("Content-Type");
        if (type && is_compressible(*type) && !head_.headers.has("Content-Encoding")) {
            head_.headers.add("Vary", "Accept-Encoding");
            if (accepts_gzip(exchange_.request().headers.joined("Accept-Encoding"))) {
                gzip_.emplace();
                head_.headers.set("Content-Encoding", "gzip");
                if (const auto etag = head_.headers.get("ETag")) head_.headers.set("ETag", coded_etag(*etag, "gzip"));
            }
        }
        writer_ = co_await exchange_.stream(head_.status, head_.headers, std::nullopt);
    }
    std::string piece;
    piece.swap(gathered_);
    if (gzip_) piece = gzip_->push(piece);
    if (!piece.empty()) co_await writer_->write(piece);
}

Task<void> LazyBody::finish() {
    if (!writer_) {
        head_.body = std::move(gathered_);
        compress_response(exchange_.request(), head_);
        co_return co_await exchange_.respond(std::move(head_));
    }
    co_await flush();
    if (gzip_) {
        const std::string last = gzip_->finish();
        co_await writer_->write(last);
    }
    co_await writer_->finish();
}

} // namespace gravity::http
