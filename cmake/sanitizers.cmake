if(REEVE_SANITIZE)
    add_compile_options(-fsanitize=${REEVE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${REEVE_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
        # clang 14 cannot emit -fsanitize=function data for coroutines ("Cannot represent a difference
        # across sections").
        add_compile_options(-fno-sanitize=function)
    endif()
endif()
