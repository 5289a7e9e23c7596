# Static libraries without what debuggers read, as Debian's policy (10.2) asks: CPack strips programs only. Run by CPack
# when everything is in its folder and nothing is packed yet.
file(GLOB_RECURSE archives "${CPACK_TEMPORARY_DIRECTORY}/*.a")
foreach(archive IN LISTS archives)
    execute_process(COMMAND strip --strip-debug --enable-deterministic-archives "${archive}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
