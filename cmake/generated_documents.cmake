# Manual pages and completions: the program that was just built prints them, so that they say what its help says.
# A program for another system cannot be run here.
if(CMAKE_CROSSCOMPILING)
    return()
endif()
set(documents ${PROJECT_BINARY_DIR}/documents)
file(MAKE_DIRECTORY ${documents})
function(reeve_document name destination)
    add_custom_command(OUTPUT ${documents}/${name}
        COMMAND reeve-bin ${ARGN} > ${documents}/${name}
        DEPENDS reeve-bin VERBATIM)
    install(FILES ${documents}/${name} DESTINATION ${destination} COMPONENT runtime)
    set_property(GLOBAL APPEND PROPERTY reeve_documents ${documents}/${name})
endfunction()
reeve_document(reeve.1 ${CMAKE_INSTALL_MANDIR}/man1 man 1)
reeve_document(reeve.json.5 ${CMAKE_INSTALL_MANDIR}/man5 man 5)
# Under the names that each shell looks for.
reeve_document(reeve ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
reeve_document(_reeve ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
reeve_document(reeve.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
get_property(made GLOBAL PROPERTY reeve_documents)
add_custom_target(documents ALL DEPENDS ${made})
