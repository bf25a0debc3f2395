#include "stream.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include <new>

namespace gravity::gateway {

void Stream::expect(const std::string& name) {
    boost::system::error_code is_name;
    boost::asio::ip::make_address(name, is_name);
    if (is_name && SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str()) != 1) throw std::bad_alloc();
    tls_->set_verify_callback(boost::asio::ssl::host_name_verification(name));
}

} // namespace gravity::gateway
