#include "redis/codec.hpp"

#include <hiredis/read.h>

#include <algorithm>
#include <charconv>
#include <new>

namespace gravity::redis {

namespace {

void append_number(std::string& out, char prefix, std::size_t number) {
    char buffer[24];
    auto result = std::to_chars(buffer, buffer + sizeof buffer, number);
    out += prefix;
    out.append(buffer, result.ptr);
    out += "\r\n";
}

} // namespace

void append_command(std::string& out, const Command& command) {
    std::size_t size = 16;
    for (const auto& argument : command.args()) size += argument.size() + 16;
    // By hand beside the geometric growth of std::string: reserve() alone would make repeated appends quadratic.
    if (out.capacity() - out.size() < size) out.reserve(out.size() + std::max(size, out.size()));
    append_number(out, '*', command.args().size());
    for (const auto& argument : command.args()) {
        append_number(out, '$', argument.size());
        out += argument;
        out += "\r\n";
    }
}

/// hiredis calls these from C: no exception may pass, so a failed allocation or a broken limit is a null pointer, which
/// it reports as being out of memory. A child lives inside its parent's vector, sized once, so its address holds.
struct ReplyReader::Builder {
    static Value* place(const redisReadTask* task) {
        if (task->parent == nullptr) return new (std::nothrow) Value;
        auto* parent = static_cast<Value*>(task->parent->obj);
        auto index = static_cast<std::size_t>(task->idx);
        return index < parent->elements.size() ? &parent->elements[index] : nullptr;
    }

    static void* text(const redisReadTask* task, char* bytes, std::size_t length) noexcept {
        Value* value = place(task);
        if (value == nullptr) return nullptr;
        value->kind = task->type == REDIS_REPLY_ERROR    ? ValueKind::error
                      : task->type == REDIS_REPLY_STATUS ? ValueKind::status
                                                         : ValueKind::string;
        try {
            value->text.assign(bytes, length);
        } catch (const std::bad_alloc&) {
            return drop(task, value);
        }
        return value;
    }

    static void* array(const redisReadTask* task, int count) noexcept {
        // Counted over the whole reply: an array of short headers that each promise a million elements must not be
        // believed.
        auto& state = *static_cast<State*>(task->privdata);
        if (count < 0 || static_cast<std::size_t>(count) > state.limits.max_elements - state.elements) return nullptr;
        state.elements += static_cast<std::size_t>(count);
        Value* value = place(task);
        if (value == nullptr) return nullptr;
        value->kind = ValueKind::array;
        try {
            value->elements.resize(static_cast<std::size_t>(count));
        } catch (const std::bad_alloc&) {
            return drop(task, value);
        }
        return value;
    }

    static void* integer(const redisReadTask* task, long long number) noexcept {
        Value* value = place(task);
        if (value == nullptr) return nullptr;
        value->kind = ValueKind::integer;
        value->integer = number;
        return value;
    }

    static void* nil(const redisReadTask* task) noexcept { return place(task); }

    static void destroy(void* root) noexcept { delete static_cast<Value*>(root); }

    static void* drop(const redisReadTask* task, Value* value) noexcept {
        if (task->parent == nullptr) delete value;
        return nullptr;
    }

    static redisReplyObjectFunctions functions;
};

redisReplyObjectFunctions ReplyReader::Builder::functions{&text, &array, &integer, &nil, &destroy};

void ReplyReader::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader(ReplyLimits limits)
    : state_(std::make_unique<State>(State{limits, 0})), reader_(redisReaderCreateWithFunctions(&Builder::functions)) {
    if (!reader_) throw std::bad_alloc();
    reader_->privdata = state_.get();
}

ReplyReader::~ReplyReader() = default;
ReplyReader::ReplyReader(ReplyReader&&) noexcept = default;
ReplyReader& ReplyReader::operator=(ReplyReader&&) noexcept = default;

void ReplyReader::feed(std::string_view bytes) {
    unfinished_bytes_ += bytes.size();
    redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

std::optional<Value> ReplyReader::next() {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
        if (reader_->err == REDIS_ERR_OOM) throw Error(ErrorKind::protocol, "a reply is larger than allowed");
        throw Error(ErrorKind::protocol, std::string("not the Redis protocol: ") + reader_->errstr);
    }
    if (reply == nullptr) {
        if (unfinished_bytes_ > state_->limits.max_bytes)
            throw Error(ErrorKind::protocol, "a reply is larger than allowed");
        return std::nullopt;
    }
    // What lies unread behind this reply belongs to the next ones.
    unfinished_bytes_ = reader_->len - reader_->pos;
    state_->elements = 0;
    std::unique_ptr<Value> owned(static_cast<Value*>(reply));
    return std::move(*owned);
}

} // namespace gravity::redis
