#include "support.hpp"

#include <cstdlib>
#include <new>

// A sanitizer has allocators of its own, which are not to be replaced.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

std::atomic<bool> counting{false};
std::atomic<long> allocations{0};
thread_local bool apart = false; // a thread of the test's own, not of the data path

} // namespace

void* operator new(std::size_t size) {
    if (counting.load(std::memory_order_relaxed) && !apart) allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace gravity::gateway::test {
namespace {

/// What a request costs that is answered over kept connections, on a plain route.
TEST(Allocations, AGetOverKeptConnectionsMakesNone) {
    apart = true;
    Instance instance([](Wire& wire) {
        apart = true;
        for (;;)
            if (wire.read_message().head.empty() || !wire.send(Instance::ok("hello"))) return;
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    const auto ask = [&](int times) {
        for (int i = 0; i < times; ++i) EXPECT_EQ(client.ask("GET /a/things?x=1 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n").body, "hello");
    };
    ask(200);
    allocations = 0;
    counting = true;
    ask(1000);
    counting = false;
    EXPECT_LT(allocations.load(), 500) << "none a request, and a few of the clock's";
}

} // namespace
} // namespace gravity::gateway::test

#endif
