#include <gravity/http/coding_stream.hpp>

#include <algorithm>
#include <array>
#include <brotli/encode.h>
#include <new>
#include <stdexcept>
#include <zlib.h>

namespace gravity::http {
namespace {

constexpr int gzip_level = 5, gzip_window = 15 + 16; // the largest, with a gzip head instead of zlib's
constexpr unsigned brotli_quality = 4, brotli_window = 18; // 256 KiB: the default of 4 MiB is too much for each of many connections
constexpr std::size_t block_bytes = 16 * 1024;

} // namespace

struct CodingStream::State {
    enum class Step {
        push,
        flush,
        finish
    };
    virtual ~State() = default;
    virtual void run(std::string_view data, Step step, std::string& out) = 0;
};

struct CodingStream::Gzip : State {
    Gzip() {
        if (deflateInit2(&stream, gzip_level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
    }
    ~Gzip() override { deflateEnd(&stream); }

    void run(std::string_view data, Step step, std::string& out) override {
        const int how = step == Step::push ? Z_NO_FLUSH : step == Step::flush ? Z_SYNC_FLUSH
                                                                              : Z_FINISH;
        std::array<char, block_bytes> block;
        do { // zlib counts in 32 bits
            const std::size_t given = std::min<std::size_t>(data.size(), 1u << 30);
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
            stream.avail_in = static_cast<uInt>(given);
            data.remove_prefix(given);
            do {
                stream.next_out = reinterpret_cast<Bytef*>(block.data());
                stream.avail_out = block_bytes;
                deflate(&stream, data.empty() ? how : Z_NO_FLUSH);
                out.append(block.data(), block_bytes - stream.avail_out);
            } while (stream.avail_out == 0);
        } while (!data.empty());
    }
    z_stream stream{};
};

struct CodingStream::Brotli : State {
    Brotli() : encoder(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr), BrotliEncoderDestroyInstance) {
        if (!encoder) throw std::bad_alloc();
        BrotliEncoderSetParameter(encoder.get(), BROTLI_PARAM_QUALITY, brotli_quality);
        BrotliEncoderSetParameter(encoder.get(), BROTLI_PARAM_LGWIN, brotli_window);
    }

    void run(std::string_view data, Step step, std::string& out) override {
        const auto how = step == Step::push    ? BROTLI_OPERATION_PROCESS
                         : step == Step::flush ? BROTLI_OPERATION_FLUSH
                                               : BROTLI_OPERATION_FINISH;
        auto next = reinterpret_cast<const std::uint8_t*>(data.data());
        std::size_t left = data.size();
        do {
            std::size_t no_room = 0;
            if (!BrotliEncoderCompressStream(encoder.get(), how, &left, &next, &no_room, nullptr, nullptr)) throw std::bad_alloc();
            std::size_t made = 0; // all there is
            while (const std::uint8_t* ready = BrotliEncoderTakeOutput(encoder.get(), &made)) {
                if (made == 0) break;
                out.append(reinterpret_cast<const char*>(ready), made);
                made = 0;
            }
        } while (left != 0 || BrotliEncoderHasMoreOutput(encoder.get()));
    }
    std::unique_ptr<BrotliEncoderState, void (*)(BrotliEncoderState*)> encoder;
};

CodingStream::CodingStream(Coding coding) {
    switch (coding) {
    case Coding::gzip: state_ = std::make_unique<Gzip>(); return;
    case Coding::brotli: state_ = std::make_unique<Brotli>(); return;
    default: throw std::invalid_argument("there is gzip and brotli to compress with");
    }
}
CodingStream::~CodingStream() = default;
CodingStream::CodingStream(CodingStream&&) noexcept = default;
CodingStream& CodingStream::operator=(CodingStream&&) noexcept = default;

void CodingStream::push(std::string_view data, std::string& out) {
    if (!data.empty()) state_->run(data, State::Step::push, out);
}
void CodingStream::flush(std::string& out) { state_->run({}, State::Step::flush, out); }
void CodingStream::finish(std::string& out) { state_->run({}, State::Step::finish, out); }

} // namespace gravity::http
