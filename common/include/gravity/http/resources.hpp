#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <typeindex>

namespace gravity {

/// What a service keeps for its coroutine handlers, by type: made once in main.cpp, found by `ctx.get<T>()`. Filled before serving, then read only.
class Resources {
public:
    template <class T>
    void put(std::shared_ptr<T> resource) {
        by_type_[typeid(T)] = std::move(resource);
    }
    template <class T>
    T& get() const {
        T* const found = find<T>();
        if (found == nullptr) throw std::logic_error("no such resource was provided");
        return *found;
    }
    /// Null if there is none: what a setting may leave out.
    template <class T>
    T* find() const {
        const auto found = by_type_.find(typeid(T));
        return found == by_type_.end() ? nullptr : static_cast<T*>(found->second.get());
    }

private:
    std::map<std::type_index, std::shared_ptr<void>> by_type_;
};

} // namespace gravity
