# What the policies of distributions want of files that an installation holds in another form. CPack runs this after it
# has installed into a folder of its own, and before it makes the package (CPACK_PRE_BUILD_SCRIPTS).
if(NOT CPACK_GENERATOR MATCHES "^(DEB|RPM)$")
    return()
endif()

# gzip without the time, so that the same build gives the same bytes.
function(compress)
    execute_process(COMMAND gzip -9 --no-name ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(move_folder from to)
    if(IS_DIRECTORY ${from})
        cmake_path(GET to PARENT_PATH parent)
        file(MAKE_DIRECTORY ${parent})
        file(RENAME ${from} ${to})
    endif()
endfunction()

function(write_debian_changelog folder)
    string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # of SOURCE_DATE_EPOCH, where that is set
    configure_file(${CPACK_REEVE_SOURCE}/packaging/debian/changelog.in ${folder}/changelog @ONLY)
    compress(${folder}/changelog)
endfunction()

# https://www.debian.org/doc/debian-policy/ch-docs.html: every package has a copyright file (12.5) and a changelog (12.7),
# and manual pages are compressed (12.1). Debian's zsh does not look in site-functions of /usr.
function(follow_debian usr package)
    set(documents ${usr}/share/doc/${package})
    file(MAKE_DIRECTORY ${documents})
    file(COPY_FILE ${CPACK_REEVE_SOURCE}/packaging/debian/copyright ${documents}/copyright)
    file(REMOVE ${documents}/LICENSE)
    write_debian_changelog(${documents})
    move_folder(${usr}/share/zsh/site-functions ${usr}/share/zsh/vendor-completions)
    set(overrides ${CPACK_REEVE_SOURCE}/packaging/debian/${package}.lintian-overrides)
    if(EXISTS ${overrides})
        file(MAKE_DIRECTORY ${usr}/share/lintian/overrides)
        file(COPY_FILE ${overrides} ${usr}/share/lintian/overrides/${package})
    endif()
endfunction()

# Red Hat's packages have the licence where %license puts it.
function(follow_red_hat usr package)
    file(MAKE_DIRECTORY ${usr}/share/licenses/${package})
    file(COPY_FILE ${CPACK_REEVE_SOURCE}/LICENSE ${usr}/share/licenses/${package}/LICENSE)
    file(REMOVE ${usr}/share/doc/${package}/LICENSE)
endfunction()

# The inside of the library, for those who build against it.
function(add_document_for_developers documents)
    file(MAKE_DIRECTORY ${documents})
    file(COPY_FILE ${CPACK_REEVE_SOURCE}/docs/architecture.md ${documents}/architecture.md)
endfunction()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    set(usr ${CPACK_TEMPORARY_DIRECTORY}/${component}${CPACK_PACKAGING_INSTALL_PREFIX})
    string(TOUPPER ${component} COMPONENT)
    file(GLOB_RECURSE pages ${usr}/share/man/*.[1-9])
    if(pages)
        compress(${pages})
    endif()
    if(CPACK_GENERATOR STREQUAL DEB)
        set(package ${CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME})
        follow_debian(${usr} ${package})
    else()
        set(package ${CPACK_RPM_${COMPONENT}_PACKAGE_NAME})
        follow_red_hat(${usr} ${package})
    endif()
    if(component STREQUAL development)
        add_document_for_developers(${usr}/share/doc/${package})
    endif()
    # Whatever the umask was while this ran. CMake's own defaults do not reach every folder on the way to a program.
    file(CHMOD_RECURSE ${usr} DIRECTORY_PERMISSIONS ${CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})
    file(CHMOD_RECURSE ${usr}/share FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endforeach()
