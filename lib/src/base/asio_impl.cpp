// Boost.Asio compiled once (BOOST_ASIO_SEPARATE_COMPILATION), not in every file that includes it.
#include <boost/asio/impl/src.hpp>
