# cpack -G DEB (or TGZ) in a build folder: reeve, the program, and libreeve-dev, the library.
set(CPACK_PACKAGE_NAME reeve)
set(CPACK_PACKAGE_VENDOR "Reeve developers")
set(CPACK_PACKAGE_CONTACT "Reeve developers <reeve@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "user-level supervisor that leaves no orphans")
set(CPACK_PACKAGE_DESCRIPTION
"Reeve runs sessions (process trees and containers) for an owner. When the
owner is gone, by any signal at any instant, everything it ran is gone too,
and nothing else is ever touched.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME reeve)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "systemd")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "docker.io | podman")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
"The library inside Reeve, for C++ programs that keep track of their own
processes and containers: find_package(reeve).")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libreeve-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(boost_package libboost${Boost_VERSION_MAJOR}.${Boost_VERSION_MINOR}-dev)
string(REPLACE libboost libboost-filesystem boost_filesystem_package ${boost_package})
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "${boost_package}, ${boost_filesystem_package}, nlohmann-json3-dev, libspdlog-dev")

include(CPack)
