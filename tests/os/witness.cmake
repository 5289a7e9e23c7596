# The forced pid reuse test, against the real process finder, and against one for each witness taken away. The source is
# the real one with one line changed; a line that is not found any more is an error, so that no mutant is silently the
# original.
set(finder ${PROJECT_SOURCE_DIR}/lib/src/core/process_finder.cpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${finder})
file(READ ${finder} finder_text)

function(change variable old new)
    string(REPLACE "${old}" "${new}" changed "${${variable}}")
    if(changed STREQUAL "${${variable}}")
        message(FATAL_ERROR "process_finder.cpp has no line \"${old}\" any more: adapt tests/os/witness.cmake")
    endif()
    set(${variable} "${changed}" PARENT_SCOPE)
endfunction()

# Somebody may take a pid's place after it was first seen and before it is held.
change(finder_text "namespace reeve {\nnamespace {" "namespace reeve {\nvoid between_looks(pid_t pid);\nnamespace {")
change(finder_text "TRY(auto handle, ProcessHandle::open(pid))" "between_looks(pid); TRY(auto handle, ProcessHandle::open(pid))")
change(finder_text "const pid_t pid = member.row.pid;" "const pid_t pid = member.row.pid; between_looks(pid);")
file(CONFIGURE OUTPUT process_finder_hooked.cpp CONTENT "${finder_text}" @ONLY)

add_library(pid_reuse_objects OBJECT pid_reuse_test.cpp ../support/run_program.cpp)
target_include_directories(pid_reuse_objects PRIVATE ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(pid_reuse_objects PRIVATE reeve reeve_warnings GTest::gtest GTest::gmock)

# Beside nothing else: who has to wait for a processor misses the clock tick.
reeve_test(pid_reuse_tests os ALONE
    ${CMAKE_CURRENT_BINARY_DIR}/process_finder_hooked.cpp $<TARGET_OBJECTS:pid_reuse_objects>)

# witness(NAME OLD NEW): without it the test must fail.
function(witness name old new)
    set(text "${finder_text}")
    change(text "${old}" "${new}")
    file(CONFIGURE OUTPUT process_finder_without_${name}.cpp CONTENT "${text}" @ONLY)
    add_executable(pid_reuse_without_${name}
        ${CMAKE_CURRENT_BINARY_DIR}/process_finder_without_${name}.cpp $<TARGET_OBJECTS:pid_reuse_objects>)
    target_include_directories(pid_reuse_without_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/lib/src)
    target_link_libraries(pid_reuse_without_${name} PRIVATE reeve GTest::gtest GTest::gmock GTest::gtest_main)
    add_test(NAME Witness.WithoutItAnInnocentWouldDie.${name}
        COMMAND sh -c "REEVE_TEST_ROUNDS=100 '$<TARGET_FILE:pid_reuse_without_${name}>' | grep -q 'an innocent would be signalled'")
    set_tests_properties(Witness.WithoutItAnInnocentWouldDie.${name} PROPERTIES LABELS os TIMEOUT 120 RUN_SERIAL TRUE)
endfunction()

witness(pidfs "seen.pidfs_inode != 0 && seen.pidfs_inode == recorded.leader.pidfs_inode" "true")
witness(child "if (recorded.unreaped_child) return true" "return true")
witness(token "return token.instance == instance && token.name == name" "return true")
witness(mark "evident = inherited_mark_of(row.pid) == mark_of(root)" "evident = true")
witness(cgroup "evident = is_in_cgroup(row.pid, root.cgroup)" "evident = true")
