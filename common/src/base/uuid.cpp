#include <gravity/base/encoding.hpp>
#include <gravity/base/uuid.hpp>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <pthread.h>
#include <sys/random.h>
#include <system_error>

namespace gravity {
namespace {

/// Counts forks, so that a child does not go on with its parent's random bytes.
std::atomic<unsigned> fork_generation{0};

/// Random bytes straight from the kernel, fetched a few hundred at a time: one system call for some 25 ids.
class RandomBuffer {
public:
    void take(std::uint8_t* out, std::size_t size) {
        const unsigned generation = fork_generation.load(std::memory_order_relaxed);
        if (used_ + size > sizeof bytes_ || generation != generation_) {
            refill();
            generation_ = generation;
        }
        std::memcpy(out, bytes_ + used_, size);
        std::memset(bytes_ + used_, 0, size); // what was given out is not left lying about
        used_ += size;
    }

private:
    void refill() {
        std::size_t filled = 0;
        while (filled < sizeof bytes_) {
            const ssize_t n = getrandom(bytes_ + filled, sizeof bytes_ - filled, 0);
            if (n < 0) {
                if (errno == EINTR) continue;
                throw std::system_error(errno, std::generic_category(), "getrandom");
            }
            filled += static_cast<std::size_t>(n);
        }
        used_ = 0;
    }

    std::uint8_t bytes_[256]{};
    std::size_t used_ = sizeof bytes_;
    unsigned generation_ = 0;
};

void random_bytes(std::uint8_t* out, std::size_t size) {
    static const int registered =
        pthread_atfork(nullptr, nullptr, [] { fork_generation.fetch_add(1, std::memory_order_relaxed); });
    (void)registered; // fails only without memory, and then only a forked child that makes ids would notice
    thread_local RandomBuffer buffer;
    buffer.take(out, size);
}

/// The 48-bit millisecond and the 12-bit counter of the last id as one number: a larger one is a later id. Across
/// threads, one compare-and-swap. A full counter runs over into the millisecond, which then is ahead of the clock for a
/// moment (section 6.2 allows it); a clock that steps back leaves the number where it was.
std::atomic<std::uint64_t> last_tick{0};

std::uint64_t next_tick(std::uint64_t seed) {
    timespec ts{};
    clock_gettime(CLOCK_REALTIME,
                  &ts); // not gravity::now(): a faked clock must not stamp ids that later ones fall behind
    const auto ms = static_cast<std::uint64_t>(ts.tv_sec) * 1'000 + static_cast<std::uint64_t>(ts.tv_nsec) / 1'000'000;
    // A fresh millisecond starts at a random count below half, so that ids do not tell how many were made and half the
    // room is left.
    const std::uint64_t fresh = ms << 12 | (seed & 0x7ff);
    std::uint64_t last = last_tick.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
        next = (fresh >> 12) > (last >> 12) ? fresh : last + 1;
    } while (!last_tick.compare_exchange_weak(last, next, std::memory_order_relaxed));
    return next;
}

} // namespace

Uuid Uuid::v7() {
    std::array<std::uint8_t, 16> bytes{};
    random_bytes(bytes.data() + 6, 10);
    const std::uint64_t tick = next_tick(static_cast<std::uint64_t>(bytes[6]) << 8 | bytes[7]);
    const std::uint64_t ms = tick >> 12;
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    bytes[6] = static_cast<std::uint8_t>(0x70 | (tick >> 8 & 0x0f));
    bytes[7] = static_cast<std::uint8_t>(tick);
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
    return Uuid(bytes);
}

Uuid Uuid::v4() {
    std::array<std::uint8_t, 16> bytes{};
    random_bytes(bytes.data(), bytes.size());
    bytes[6] = static_cast<std::uint8_t>(0x40 | (bytes[6] & 0x0f));
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
    return Uuid(bytes);
}

Parsed<Uuid> Uuid::parse(std::string_view text) {
    const ParseError bad{"must be a UUID such as 0192f0c1-2a3b-7c4d-8e5f-0123456789ab"};
    if (text.size() != 36) return bad;
    std::array<std::uint8_t, 16> bytes{};
    std::size_t digits = 0;
    for (std::size_t i = 0; i < 36; ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') return bad;
            continue;
        }
        const int value = hex_value(text[i]);
        if (value < 0) return bad;
        bytes[digits / 2] = static_cast<std::uint8_t>(bytes[digits / 2] << 4 | value);
        ++digits;
    }
    const Uuid uuid(bytes);
    if (!uuid.is_set()) return ParseError{"must not be the nil UUID"}; // it is our "unset"
    return uuid;
}

void Uuid::append_to(std::string& out) const {
    static constexpr char hex[] = "0123456789abcdef";
    char text[36];
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
        text[at++] = hex[bytes_[i] >> 4];
        text[at++] = hex[bytes_[i] & 0x0f];
    }
    out.append(text, sizeof text);
}

std::string Uuid::to_string() const {
    std::string out;
    append_to(out);
    return out;
}

} // namespace gravity
