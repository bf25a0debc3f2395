#include "stream.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include <new>

namespace gravity::gateway {

void Stream::expect(const std::string& name, const std::vector<std::string>& names) {
    boost::system::error_code is_name;
    boost::asio::ip::make_address(name, is_name);
    if (is_name && SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str()) != 1) throw std::bad_alloc();
    if (names.empty()) tls_->set_verify_callback(boost::asio::ssl::host_name_verification(name));
    else tls_->set_verify_callback([names](bool well, boost::asio::ssl::verify_context& chain) { return well && is_of_one(*chain.native_handle(), names); });
}

std::string_view Stream::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    if (tls_) SSL_get0_alpn_selected(tls_->native_handle(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

void Stream::end_output() {
    if (pipe_) return pipe_->end_output();
    boost::system::error_code ignored; // the peer may have closed first
    socket().shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() {
    if (pipe_) return pipe_->close();
    boost::system::error_code ignored; // the peer may have gone; nothing is left to be said
    socket().close(ignored);
}

void Stream::cut() {
    if (pipe_) return pipe_->close();
    boost::system::error_code ignored;
    socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);
    socket().close(ignored);
}

} // namespace gravity::gateway
