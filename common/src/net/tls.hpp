#pragma once

#include <gravity/net/tls_context.hpp>

#include <boost/asio/ssl/context.hpp>
