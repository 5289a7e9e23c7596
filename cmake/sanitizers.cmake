if(REEVE_SANITIZE)
    add_compile_options(-fsanitize=${REEVE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${REEVE_SANITIZE})
    if(CMAKE_SYSTEM_NAME STREQUAL Linux AND REEVE_SANITIZE MATCHES address)
        # To relocate what the sanitizers add takes a tenth of a second, and the tests start thousands of programs.
        add_link_options(-no-pie)
    endif()
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
        # clang 14 cannot emit -fsanitize=function data for coroutines ("Cannot represent a difference
        # across sections").
        add_compile_options(-fno-sanitize=function)
    endif()
endif()
