#include "buffer.hpp"

#include <new>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace gravity::gateway {

Slab::~Slab() {
    for (char* const chunk : chunks_) {
        for (std::size_t i = 0; i < blocks_in_chunk; ++i) unpoison(chunk + i * block_bytes); // the place may be another's later
        ::munmap(chunk, blocks_in_chunk * block_bytes);
    }
}

char* Slab::take_cold() {
    if (cold_.empty()) {
        chunks_.reserve(chunks_.size() + 1);
        cold_.reserve((chunks_.size() + 1) * blocks_in_chunk); // giving back needs no memory
        free_.reserve(std::min((chunks_.size() + 1) * blocks_in_chunk, most_kept));
        void* const chunk = ::mmap(nullptr, blocks_in_chunk * block_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (chunk == MAP_FAILED) throw std::bad_alloc();
        chunks_.push_back(static_cast<char*>(chunk));
        for (std::size_t i = blocks_in_chunk; i > 0; --i) {
            cold_.push_back(chunks_.back() + (i - 1) * block_bytes);
            poison(cold_.back());
        }
    }
    char* const block = cold_.back();
    cold_.pop_back();
    least_free_ = 0;
    unpoison(block);
    return block;
}

void Slab::cool(char* block) {
    ::madvise(block, block_bytes, MADV_DONTNEED); // it is kept with its memory where that is refused
    cold_.push_back(block);
}

void Slab::trim() {
    const std::size_t unused = std::min(least_free_, free_.size());
    for (std::size_t i = 0; i < unused; ++i) cool(free_[i]);
    free_.erase(free_.begin(), free_.begin() + static_cast<std::ptrdiff_t>(unused));
    least_free_ = free_.size();
}

#if defined(__SANITIZE_ADDRESS__)
void Slab::poison(char* block) { ASAN_POISON_MEMORY_REGION(block, block_bytes); }
void Slab::unpoison(char* block) { ASAN_UNPOISON_MEMORY_REGION(block, block_bytes); }
#else
void Slab::poison(char*) {}
void Slab::unpoison(char*) {}
#endif

} // namespace gravity::gateway
