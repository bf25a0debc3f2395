#include "compression.hpp"

#include <array>
#include <new>
#include <zstd.h>

namespace gravity::gateway {
namespace {

constexpr int zstd_level = 3, zstd_window = 18; // 2^18 bytes, as brotli's here
constexpr std::size_t zstd_block = 16 * 1024;

} // namespace

void ZstdStream::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

ZstdStream::ZstdStream() : context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, zstd_level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, zstd_window);
}

// What is left of flushing and ending is told by the function itself: it is asked until there is nothing.
void ZstdStream::run(std::string_view data, int how, std::string& out) {
    ZSTD_inBuffer in{data.data(), data.size(), 0};
    std::array<char, zstd_block> block;
    const auto directive = static_cast<ZSTD_EndDirective>(how);
    for (std::size_t left = 1; left != 0 || in.pos < in.size;) {
        ZSTD_outBuffer room{block.data(), block.size(), 0};
        left = ZSTD_compressStream2(context_.get(), &room, &in, directive);
        if (ZSTD_isError(left)) throw std::bad_alloc(); // the parameters are sound, so it is memory
        out.append(block.data(), room.pos);
        if (directive == ZSTD_e_continue && in.pos == in.size) return;
    }
}

void ZstdStream::push(std::string_view data, std::string& out) {
    if (!data.empty()) run(data, ZSTD_e_continue, out);
}
void ZstdStream::flush(std::string& out) { run({}, ZSTD_e_flush, out); }
void ZstdStream::finish(std::string& out) { run({}, ZSTD_e_end, out); }

} // namespace gravity::gateway
