#pragma once

#include <gravity/http/extract.hpp>
#include <gravity/http/resources.hpp>

#include <stdexcept>

namespace gravity {

/// What the service was started with, for a handler that has a transaction rather than a Ctx: its settings, or what `provision` made.
///   Product create(Tx& tx, Body<NewProduct> in, Given<Settings> settings)
/// Any thread: what is given is read, or minds its own locks.
template <class T>
struct Given {
    T* value = nullptr;
    T& operator*() const { return *value; }
    T* operator->() const { return value; }
};

namespace http {

template <class T>
struct Extractor<Given<T>> {
    static Given<T> read(Input& in) {
        if (in.resources() == nullptr) throw std::logic_error("the service was given no resources");
        return {&in.resources()->template get<std::remove_const_t<T>>()};
    }
    static void describe(Route&) {}
};

} // namespace http
} // namespace gravity
