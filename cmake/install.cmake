# What an installation holds. Two components: "runtime" (the program, the service file, documents), which is the
# default, and "development" (the library, for find_package(reeve)).
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/reeve)
install(TARGETS reeve EXPORT reeveTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY lib/include/reeve DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
    FILES_MATCHING PATTERN "*.hpp")
install(EXPORT reeveTargets NAMESPACE reeve:: DESTINATION ${package_folder} COMPONENT development)
configure_package_config_file(cmake/reeveConfig.cmake.in reeveConfig.cmake INSTALL_DESTINATION ${package_folder})
# Before 1.0 a new minor version may change anything.
write_basic_package_version_file(reeveConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/reeveConfig.cmake ${PROJECT_BINARY_DIR}/reeveConfigVersion.cmake
    DESTINATION ${package_folder} COMPONENT development)

# The pages link to each other, so they keep their places.
install(FILES LICENSE CHANGELOG.md README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
foreach(folder systemd launchd packaging)
    install(FILES ${folder}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")

# The service files name the program by its absolute path, and the prefix is known only when the installation
# happens (cmake --install --prefix, packages), so they are written then.
set(service_files systemd/reeve.service=lib/systemd/user/reeve.service
    systemd/reeve@.service=lib/systemd/system/reeve@.service)
if(CMAKE_SYSTEM_NAME STREQUAL Darwin)
    set(service_files launchd/local.reeve.plist=share/reeve/local.reeve.plist)
endif()
foreach(pair IN LISTS service_files)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 template)
    list(GET pair 1 target)
    install(CODE "
        set(REEVE_BIN_FOLDER \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
        set(REEVE_PROGRAM \"\${REEVE_BIN_FOLDER}/reeve\")
        set(REEVE_STORE_WORDS \"\")
        set(REEVE_CONFIG_WORDS \"\")
        set(target \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${target}\")
        message(STATUS \"Installing: \${target}\")
        configure_file(\"${PROJECT_SOURCE_DIR}/${template}.in\" \"\${target}\" @ONLY)
        file(CHMOD \"\${target}\" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)" COMPONENT runtime)
endforeach()
