# Header-only, with a header-only fmt.
add_library(spdlog::spdlog_header_only INTERFACE IMPORTED)
target_include_directories(spdlog::spdlog_header_only SYSTEM INTERFACE ${REEVE_CROSS_HEADERS})
target_compile_definitions(spdlog::spdlog_header_only INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
set(spdlog_FOUND TRUE)
