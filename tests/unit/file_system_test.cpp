#include "reeve/os/file_system.hpp"

#include <gtest/gtest.h>

namespace reeve {
namespace {

// The numbers are those of linux/magic.h and of the file systems' own sources.
TEST(FileSystem, KnowsTheOnesThatBelongToANetwork) {
#ifdef __linux__
    EXPECT_EQ(file_system_by_magic(0x6969).type, "nfs");
    for (const unsigned long magic :
         {0x6969UL, 0xff534d42UL, 0xfe534d42UL, 0x517bUL, 0x01021997UL, 0x00c36400UL})
        EXPECT_EQ(file_system_by_magic(magic).place, FileSystem::Place::network) << std::hex << magic;
    EXPECT_EQ(file_system_by_magic(0x65735546).place, FileSystem::Place::unknown);
    // As a signed 32-bit number, which f_type is on some machines.
    EXPECT_EQ(file_system_by_magic(static_cast<unsigned long>(-11317950L)).type, "cifs");
#endif
    EXPECT_EQ(file_system_by_magic(0xef53).place, FileSystem::Place::local);
}

TEST(FileSystem, LooksAtTheNearestFolderThatIsThere) {
    const auto system = file_system_of("/proc/none/of/these");
    ASSERT_TRUE(system.ok()) << system.error().message();
    EXPECT_EQ(system->place, FileSystem::Place::local);
}

}  // namespace
}  // namespace reeve
