# headers_alone: one source for every header that includes nothing else, so that a header which leans on what its
# users happen to include first does not compile. Not part of "all"; the test lint.headers builds it. Left out is what
# a source includes first: the build of that source shows the same where nothing of it is precompiled, as in CI's with
# g++, and parsing each header twice takes minutes. Looked up when CMake configures.
file(GLOB_RECURSE header_files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
    ${PROJECT_SOURCE_DIR}/lib/include/*.hpp ${PROJECT_SOURCE_DIR}/lib/src/*.hpp
    ${PROJECT_SOURCE_DIR}/daemon/*.hpp ${PROJECT_SOURCE_DIR}/tests/support/*.hpp)
if(CMAKE_SYSTEM_NAME STREQUAL Darwin)
    list(FILTER header_files EXCLUDE REGEX "/linux/")
else()
    list(FILTER header_files EXCLUDE REGEX "/darwin/")
endif()
file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/src/*.cpp ${PROJECT_SOURCE_DIR}/daemon/*.cpp)
if(CMAKE_SYSTEM_NAME STREQUAL Darwin)
    list(FILTER sources EXCLUDE REGEX "/linux/")
else()
    list(FILTER sources EXCLUDE REGEX "/darwin/")
endif()
foreach(source IN LISTS sources)
    file(STRINGS ${source} first REGEX "^#include" LIMIT_COUNT 1)
    if(NOT first MATCHES "\"(.*)\"")
        continue()
    endif()
    cmake_path(GET source PARENT_PATH beside)
    foreach(folder IN ITEMS ${beside} ${PROJECT_SOURCE_DIR}/lib/include ${PROJECT_SOURCE_DIR}/lib/src ${PROJECT_SOURCE_DIR}/daemon)
        if(EXISTS ${folder}/${CMAKE_MATCH_1})
            file(RELATIVE_PATH header ${PROJECT_SOURCE_DIR} ${folder}/${CMAKE_MATCH_1})
            list(REMOVE_ITEM header_files ${header})
            break()
        endif()
    endforeach()
endforeach()

set(header_sources "")
foreach(header IN LISTS header_files)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${header}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${PROJECT_SOURCE_DIR}/${header}\"\n")
    list(APPEND header_sources ${source})
endforeach()
add_library(headers_alone OBJECT EXCLUDE_FROM_ALL ${header_sources})
target_include_directories(headers_alone PRIVATE
    ${PROJECT_SOURCE_DIR}/lib/src ${PROJECT_SOURCE_DIR}/daemon ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(headers_alone PRIVATE reeve reeve_warnings
    nlohmann_json::nlohmann_json CLI11::CLI11 GTest::gtest GTest::gmock)
# What the tests are told by their own targets.
target_compile_definitions(headers_alone PRIVATE REEVE_BINARY="" REEVE_TEST_SUPPORT_DIR="")
# A private header may hold functions that only some of its users call.
target_compile_options(headers_alone PRIVATE -Wno-unused-function)
