# cpack -G DEB, RPM or TGZ in a build folder. Two packages: the program, and the library for find_package(reeve).
set(REEVE_PACKAGE_CONTACT "Reeve developers <developers@reeve.example>" CACHE STRING
    "Who answers for the packages: a name and an address. Whoever gives them to others puts their own here")
set(CPACK_PACKAGE_NAME reeve)
set(CPACK_PACKAGE_VENDOR "Reeve developers")
set(CPACK_PACKAGE_CONTACT "${REEVE_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "user-level supervisor that leaves no orphans")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
"Reeve runs sessions (process trees and containers) for an owner. When the
owner is gone, by any signal at any instant, everything it ran is gone too,
and nothing else is ever touched.

It needs no root: it is a service of a user's own systemd, or binds a
command to whoever calls it. With \"reeve service install --now\" a user
starts it.")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
"The library inside Reeve, for C++20 programs that keep track of their own
processes and containers: identity that survives recycled pids, a lock, a
registry of instances, and the reaper of what dead ones left.

CMake finds it with find_package(reeve).")
set(CPACK_PACKAGE_DESCRIPTION "${CPACK_COMPONENT_RUNTIME_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/packaging/policy.cmake
    ${PROJECT_SOURCE_DIR}/cmake/packaging/strip_archives.cmake)
set(CPACK_REEVE_SOURCE ${PROJECT_SOURCE_DIR})  # the script sees what begins with CPACK_

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME reeve)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "systemd")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "docker.io | podman")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libreeve-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(boost_package libboost${Boost_VERSION_MAJOR}.${Boost_VERSION_MINOR}-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${boost_package}, nlohmann-json3-dev, libspdlog-dev")

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELOCATABLE OFF)  # the units name the program by its place
set(CPACK_RPM_PACKAGE_LICENSE MIT)
set(CPACK_RPM_PACKAGE_SUMMARY "User-level supervisor that leaves no orphans")
set(CPACK_RPM_DEVELOPMENT_PACKAGE_SUMMARY "Library of the supervisor Reeve, for C++ programs")
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Daemons")
set(CPACK_RPM_DEVELOPMENT_PACKAGE_GROUP "Development/Libraries")
set(CPACK_RPM_RUNTIME_PACKAGE_NAME reeve)
set(CPACK_RPM_DEVELOPMENT_PACKAGE_NAME reeve-devel)
# By the names that Fedora gives them.
set(CPACK_RPM_DEVELOPMENT_PACKAGE_REQUIRES
    "boost-devel >= 1.81, json-devel >= 3.11, spdlog-devel, cmake-filesystem")
set(CPACK_RPM_CHANGELOG_FILE ${PROJECT_BINARY_DIR}/rpm-changelog)
string(TIMESTAMP date "%a %b %d %Y" UTC)
configure_file(packaging/rpm/changelog.in ${CPACK_RPM_CHANGELOG_FILE} @ONLY)
# The folders of others.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/libexec /usr/lib/systemd /usr/lib/systemd/user
    /usr/lib/systemd/system /usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/bash-completion
    /usr/share/bash-completion/completions /usr/share/zsh /usr/share/zsh/site-functions /usr/share/fish
    /usr/share/fish/vendor_completions.d /usr/share/licenses /usr/${CMAKE_INSTALL_LIBDIR}
    /usr/${CMAKE_INSTALL_LIBDIR}/cmake)
set(CPACK_RPM_RUNTIME_USER_FILELIST "%license /usr/share/licenses/reeve/LICENSE")
set(CPACK_RPM_DEVELOPMENT_USER_FILELIST "%license /usr/share/licenses/reeve-devel/LICENSE")
# Links by build id would be in a folder that all packages share, for debug packages that are not made.
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none\n%define packager ${REEVE_PACKAGE_CONTACT}")

include(CPack)
