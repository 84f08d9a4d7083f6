// Which command line kernel-install would write.
#include <filesystem>
#include <gtest/gtest.h>

#include "src/boot/command_line.h"
#include "tests/support/temp_dir.h"

namespace kip::boot {
namespace {

class CommandLineNow : public testing::Test {
 protected:
  [[nodiscard]] CommandLine now(const std::string& conf_root = "") const {
    const auto root = Root::at(dir_.path());
    EXPECT_TRUE(root);
    const auto line = command_line_now(*root, conf_root);
    EXPECT_TRUE(line);
    return line.value_or(CommandLine());
  }

  support::TempDir dir_;
};

TEST_F(CommandLineNow, IsTheAdministratorsBeforeThePackages) {
  dir_.write("usr/lib/kernel/cmdline", "vendor\n");
  EXPECT_EQ(now().text, "vendor");
  dir_.write("etc/kernel/cmdline", "  quiet\n\tsplash \n");
  EXPECT_EQ(now().text, "quiet splash");
  EXPECT_EQ(now().from, "/etc/kernel/cmdline");
  EXPECT_FALSE(now().of_running_kernel);
}

TEST_F(CommandLineNow, IsTheRunningKernelsWhereNoFileSaysIt) {
  dir_.write("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda2 initrd=\\initrd single\n");
  EXPECT_EQ(now().text, "root=/dev/sda2 single");
  EXPECT_TRUE(now().of_running_kernel);
}

TEST_F(CommandLineNow, IsThatOfConfRootAlone) {
  dir_.write("etc/kernel/cmdline", "quiet\n");
  dir_.write("proc/cmdline", "single\n");
  EXPECT_EQ(now("/conf").text, "");
  EXPECT_FALSE(now("/conf").of_running_kernel);
  dir_.write("conf/cmdline", "debug\n");
  EXPECT_EQ(now("/conf").text, "debug");
}

TEST_F(CommandLineNow, CannotBeToldFromADirectory) {
  dir_.directory("etc/kernel/cmdline");
  const auto root = Root::at(dir_.path());
  ASSERT_TRUE(root);
  EXPECT_FALSE(command_line_now(*root, ""));
}

TEST(SameOptions, AreTheSameWordsInTheSameOrder) {
  EXPECT_TRUE(same_options("quiet  splash", " quiet\tsplash\n", "token"));
  EXPECT_FALSE(same_options("quiet splash", "splash quiet", "token"));
  EXPECT_FALSE(same_options("quiet", "quiet quiet", "token"));
  EXPECT_FALSE(same_options("quiet", "", "token"));
}

TEST(SameOptions, DoNotCountTheMachinesIdThatIsAdded) {
  EXPECT_TRUE(same_options("quiet systemd.machine_id=token", "quiet", "token"));
  EXPECT_FALSE(same_options("quiet systemd.machine_id=other", "quiet", "token"));
}

}  // namespace
}  // namespace kip::boot
