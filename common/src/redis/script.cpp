#include <gravity/redis/script.hpp>

#include <openssl/evp.h>

#include <stdexcept>

namespace gravity::redis {

Script::Script(std::string text) : text_(std::move(text)) {
    // SHA-1 is the name the protocol gives a script; nothing is protected by it.
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_Digest(text_.data(), text_.size(), digest, &length, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error("SHA-1 is not available in this OpenSSL");
    constexpr char digits[] = "0123456789abcdef";
    for (unsigned int i = 0; i < length; ++i) {
        sha1_ += digits[digest[i] >> 4];
        sha1_ += digits[digest[i] & 15];
    }
}

} // namespace gravity::redis
