# Header-only. Boost.Process needs no Boost.Filesystem when it is told to take the standard one.
add_library(Boost::headers INTERFACE IMPORTED)
target_include_directories(Boost::headers SYSTEM INTERFACE ${REEVE_CROSS_HEADERS})
target_compile_definitions(Boost::headers INTERFACE BOOST_PROCESS_USE_STD_FS)
add_library(Boost::filesystem INTERFACE IMPORTED)
target_link_libraries(Boost::filesystem INTERFACE Boost::headers)
file(STRINGS ${REEVE_CROSS_HEADERS}/boost/version.hpp Boost_VERSION REGEX "define BOOST_LIB_VERSION")
string(REGEX REPLACE ".*\"([0-9]+)_([0-9]+).*" "\\1.\\2" Boost_VERSION "${Boost_VERSION}")
set(Boost_FOUND TRUE)
