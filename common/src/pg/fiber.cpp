#include "pg/fiber.hpp"

#include "log/thread_scope.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>

#include <cxxabi.h>
#include <utility>

// The sanitizers follow a thread's stack, so they are told of each change. Both are part of gcc and clang (compiler-rt, common_interface_defs.h).
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define GRAVITY_FIBER_ASAN
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define GRAVITY_FIBER_TSAN
#endif

namespace gravity::pg {
namespace {

/// What belongs to the function that runs, and not to the thread it runs on.
class Ambient {
public:
    /// Puts this in the place of the thread's, which it becomes.
    void exchange() {
        std::swap(*reinterpret_cast<Exceptions*>(abi::__cxa_get_globals()), exceptions_);
        scope_ = log::exchange_thread_scope(scope_);
    }

private:
    /// __cxa_eh_globals of the Itanium C++ ABI, 2.2.2.
    struct Exceptions {
        void* caught = nullptr;
        unsigned int uncaught = 0;
    };
    Exceptions exceptions_;
    const log::Scope* scope_ = nullptr;
};

} // namespace

struct Fiber::Impl {
    std::function<void()> body;
    boost::context::protected_fixedsize_stack allocator{stack_size}; // an overrun meets a page that faults
    boost::context::stack_context stack = allocator.allocate();
    boost::context::fiber inner;
    boost::context::fiber outer;
    Ambient ambient; // of the body while it is stopped, of its caller while it runs
#ifdef GRAVITY_FIBER_ASAN
    void* inner_fake = nullptr;
    void* outer_fake = nullptr;
    const void* outer_bottom = nullptr;
    std::size_t outer_size = 0;
#endif
#ifdef GRAVITY_FIBER_TSAN
    void* inner_thread = __tsan_create_fiber(0);
    void* outer_thread = nullptr;
#endif

    explicit Impl(std::function<void()> work) : body(std::move(work)) {
        inner = boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack), Keep{},
                                      [this](boost::context::fiber&& caller) {
                                          entered(std::move(caller), true);
                                          body();
                                          leaving(true);
                                          return std::move(outer);
                                      });
    }
    ~Impl() {
        inner = {}; // a body that never began has nothing to unwind
        allocator.deallocate(stack);
#ifdef GRAVITY_FIBER_TSAN
        __tsan_destroy_fiber(inner_thread);
#endif
    }

    /// The stack is this object's, not the fiber's to free.
    struct Keep {
        boost::context::stack_context allocate() { return {}; }
        void deallocate(boost::context::stack_context&) {}
    };

    void resume() {
        ambient.exchange();
#ifdef GRAVITY_FIBER_ASAN
        __sanitizer_start_switch_fiber(&outer_fake, static_cast<char*>(stack.sp) - stack.size, stack.size);
#endif
#ifdef GRAVITY_FIBER_TSAN
        outer_thread = __tsan_get_current_fiber();
        __tsan_switch_to_fiber(inner_thread, 0);
#endif
        inner = std::move(inner).resume();
#ifdef GRAVITY_FIBER_ASAN
        __sanitizer_finish_switch_fiber(outer_fake, nullptr, nullptr);
#endif
        ambient.exchange();
    }

    void suspend() {
        leaving(false);
        boost::context::fiber caller = std::move(outer).resume();
        entered(std::move(caller), false);
    }

    // On the body's side of each change.
    void entered(boost::context::fiber caller, [[maybe_unused]] bool first) {
#ifdef GRAVITY_FIBER_ASAN
        __sanitizer_finish_switch_fiber(first ? nullptr : inner_fake, &outer_bottom, &outer_size);
#endif
        outer = std::move(caller);
    }
    void leaving([[maybe_unused]] bool for_good) {
#ifdef GRAVITY_FIBER_ASAN
        __sanitizer_start_switch_fiber(for_good ? nullptr : &inner_fake, outer_bottom, outer_size);
#endif
#ifdef GRAVITY_FIBER_TSAN
        __tsan_switch_to_fiber(outer_thread, 0);
#endif
    }
};

Fiber::Fiber(std::function<void()> body) : impl_(std::make_unique<Impl>(std::move(body))) {}
Fiber::~Fiber() = default;
void Fiber::resume() { impl_->resume(); }
void Fiber::suspend() { impl_->suspend(); }

} // namespace gravity::pg
