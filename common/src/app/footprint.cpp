#include "app/footprint.hpp"

#include <cstdint>
#include <ctime>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace gravity::app {
namespace {

int give_back(dl_phdr_info* object, std::size_t, void* total) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
        const std::uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) & ~(page - 1); // its last page may be shared with the next
        // The vDSO is not a file's; the kernel refuses, and nothing is lost.
        if (end > begin && ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED) == 0) *static_cast<std::size_t*>(total) += end - begin;
    }
    return 0;
}

} // namespace

std::size_t give_back_what_is_unused() {
    ::malloc_trim(0);
    std::size_t total = 0;
    ::dl_iterate_phdr(give_back, &total);
    return total;
}

bool Rest::due(std::chrono::steady_clock::time_point now, std::chrono::nanoseconds processor_time) {
    if (last_ && now - last_->at < period) return false;
    const bool idle = !last_ || std::chrono::duration<double>(processor_time - last_->processor_time) < busy * std::chrono::duration<double>(now - last_->at);
    last_ = Mark{now, processor_time};
    return idle;
}

std::chrono::nanoseconds processor_time() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

} // namespace gravity::app
