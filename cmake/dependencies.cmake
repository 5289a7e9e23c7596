# Debian 12 packages carry Boost 1.81 beside the default 1.74; Ubuntu 24.04 has 1.83, Homebrew newer ones.
find_package(Boost 1.81 REQUIRED)
# Boost.Process is a library of its own from 1.86 on. Before, it is header-only, and stands on the standard library's
# file system when it is told to: then there is no library of Boost to load at every start.
set(REEVE_BOOST_LIBRARIES "")
if(Boost_VERSION VERSION_GREATER_EQUAL 1.86)
    find_package(Boost REQUIRED COMPONENTS filesystem process)
    set(REEVE_BOOST_LIBRARIES Boost::filesystem Boost::process)
endif()
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)
if(REEVE_TESTS)
    find_package(GTest REQUIRED)
endif()
if(REEVE_BENCH)
    find_package(benchmark REQUIRED)
endif()
