#pragma once

#include <gravity/http/client.hpp>

namespace gravity::http {

inline bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

/// RFC 9110 section 15.4: what becomes of the request.
inline void follow(ClientRequest& request, int status, bool same_origin) {
    const bool rewrite = (status == 303 && request.method != Method::head) || (status <= 302 && request.method == Method::post);
    if (rewrite) {
        request.method = Method::get;
        request.body.clear();
        for (const char* name : {"Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Digest"})
            request.headers.remove(name);
    }
    if (!same_origin)
        for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization", "X-API-Key"}) request.headers.remove(name);
}

} // namespace gravity::http
