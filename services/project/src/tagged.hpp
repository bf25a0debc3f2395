#pragma once

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/result.hpp>

/// An answer whose entity tag is that of its bytes, for what has no version: whoever asks again and again is told by 304 that nothing has changed.
namespace gravity::project {

template <class T>
struct Tagged {
    T value;
};

} // namespace gravity::project

template <class T>
struct gravity::http::Result<gravity::project::Tagged<T>> {
    static void write(Output& out, project::Tagged<T>&& answer) {
        Result<T>::write(out, std::move(answer.value));
        out.header("ETag", '"' + base64url_encode(sha256(out.response().body)) + '"');
    }
    static void describe(Route& route) {
        Result<T>::describe(route);
        route.answer.etag = true;
    }
};
